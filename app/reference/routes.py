"""Where the hub explains itself; all but a message's outcome is open to everyone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import HTMLResponse

from app.deadlines import ticking
from app.parties.service import check_edition
from app.proof.service import watching
from app.reference import refusals, vocabulary
from app.reference.errors import DictionaryUnknown, NotReady, ProblemUnknown
from app.reference.schemas import (
    CheckView,
    DictionariesView,
    DictionaryView,
    GlossaryView,
    HealthView,
    MessageView,
    ProblemsView,
    ProblemView,
    ReadinessView,
    WordView,
)
from app.runtime import health, outcomes
from app.runtime.door import Busy, Hub, MessageIdFormat, MessageOwn, MessageRunning
from app.runtime.health import LastLook, Readiness
from app.runtime.http import OpenDoor, OpenReading, hub_of, only
from app.runtime.problems import problems
from app.runtime.settings import Settings

router = APIRouter(prefix="/v1", tags=["reference 参考信息"])


def _wants_page(request: Request) -> bool:
    """Say whether a person's browser is asking."""
    return "text/html" in request.headers.get("accept", "")


@router.get(
    "/health/live",
    summary="Is the process alive 存活检查",
    description="Answers as long as the process runs; looks at nothing else. 仅表示进程存活。",
    response_model=HealthView,
)
async def live() -> HealthView:
    """Say that the process lives."""
    return HealthView(status="live")


@router.get(
    "/health/ready",
    summary="Can it serve 就绪检查",
    description="Database reachable, writable and migrated; room on the disk; in production, the "
    "edition of the policy book adopted. Also tells through which day the due acts are done and "
    "whether sealing keeps up, which fails no hub. "
    "检查数据库可达、可写、已迁移，磁盘空间，以及生产环境的政策参数版次已启用；"
    "并告知到期事项已办理至何日、封存是否及时（不影响就绪）。",
    response_model=ReadinessView,
    responses=problems(NotReady),
)
async def ready(request: Request) -> ReadinessView:
    """Check everything the hub needs to serve."""
    last: LastLook[Readiness] = request.app.state.last_readiness
    found = await last.of(lambda: _readiness(hub_of(request), request.app.state.settings))
    if failed := [check.name for check in found.needed if not check.passed]:
        views = [CheckView.of(check).model_dump() for check in found.needed]
        raise NotReady(failed=failed, checks=views)
    checks = (*found.needed, *found.watched)
    return ReadinessView(status="ready", checks=[CheckView.of(check) for check in checks])


async def _readiness(hub: Hub, settings: Settings) -> Readiness:
    """Look at what is watched only where what is needed is there."""
    needed = await health.checks(hub, settings)
    if not all(check.passed for check in needed):
        return Readiness(needed)
    needed.append(await check_edition(hub))
    return Readiness(needed, (await ticking.check(hub), await watching.check(hub)))


@router.get(
    "/metrics",
    summary="Counters for Prometheus 监控指标",
    description="Requests by path template and status, and times; due acts, and the age of the "
    "last clean tick; days by which sealing lags behind. Open without a token, since it tells "
    "nothing of persons or amounts; keep it inside the network. 按路径模板与状态统计，另含到期事项"
    "办理与封存滞后情况；不含个人信息，无需令牌，仅供内网采集。",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Show the counters."""
    last: LastLook[None] = request.app.state.last_observed
    await last.of(lambda: request.app.state.seal_metrics.observe(hub_of(request)))
    shown = generate_latest(request.app.state.metrics.registry)
    return Response(shown, headers={"Content-Type": CONTENT_TYPE_LATEST})


@router.get(
    "/problems",
    summary="Every refusal 全部错误代码",
    description="Code, title, meaning and remedy of every refusal; a page for browsers. "
    "全部错误代码的标题、含义与处理办法；浏览器访问返回网页。",
    response_model=ProblemsView,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def list_problems(request: Request) -> ProblemsView | Response:
    """List the refusals."""
    found = refusals.all_explanations()
    if _wants_page(request):
        return HTMLResponse(refusals.index_page(found), headers={"Vary": "Accept"})
    return ProblemsView(items=[ProblemView.of(each) for each in found])


@router.get(
    "/problems/{code}",
    summary="One refusal explained 错误代码说明",
    description="Where the `type` of every refusal points to. 错误应答中 type 字段所指页面。",
    response_model=ProblemView,
    responses={
        200: {"content": {"text/html": {"schema": {"type": "string"}}}},
        **problems(ProblemUnknown),
    },
)
async def one_problem(
    request: Request,
    code: Annotated[str, Path(description="Code 错误代码", examples=["message-id-missing"])],
) -> ProblemView | Response:
    """Explain a refusal."""
    found = refusals.explanation(code)
    if _wants_page(request):
        return HTMLResponse(refusals.page(found), headers={"Vary": "Accept"})
    return ProblemView.of(found)


@router.get(
    "/glossary",
    summary="The vocabulary 术语表",
    description="Every word of the hub beside its official Chinese term. 平台术语与官方术语对照。",
    response_model=GlossaryView,
)
async def glossary() -> GlossaryView:
    """List the words."""
    return GlossaryView(items=[WordView.of(word) for word in vocabulary.glossary().values()])


@router.get(
    "/dictionaries",
    summary="Every dictionary 全部代码表",
    description="Every field that takes one of a few values, with its values. 各枚举字段的取值。",
    response_model=DictionariesView,
)
async def list_dictionaries() -> DictionariesView:
    """List the dictionaries."""
    return DictionariesView.of(vocabulary.dictionaries())


@router.get(
    "/dictionaries/{name}",
    summary="One dictionary 单个代码表",
    description="The values of one field. 单个字段的取值。",
    response_model=DictionaryView,
    responses=problems(DictionaryUnknown),
)
async def one_dictionary(
    name: Annotated[str, Path(description="Name 代码表名", examples=["party-kind"])],
) -> DictionaryView:
    """Show a dictionary."""
    found = vocabulary.dictionaries().get(name)
    if found is None:
        raise DictionaryUnknown(dictionary=name)
    return DictionaryView.of(found)


@router.get(
    "/messages/{message_id:path}",
    tags=["messages 报文"],
    summary="What became of my message 查询报文处理结果",
    description="The outcome of one of the caller's own messages, for ever. When an answer was "
    "lost, ask here or send the same message again. `running`: under way, ask again in a moment. "
    "查询本接入方所发报文的处理结果，永久保留；处理中的请稍后再查。",
    dependencies=[only()],
    response_model=MessageView,
    responses=problems(Busy),
)
async def message(
    reading: OpenReading,
    message_id: Annotated[
        str, Path(description="Idempotency-Key 报文编号", examples=["6f1d2c1e-0001"])
    ],
) -> MessageView:
    """Tell the outcome of a message."""
    return MessageView.of(message_id, await outcomes.ask(reading, message_id))


@router.post(
    "/messages/{message_id:path}/fence",
    tags=["messages 报文"],
    summary="Shut a message out unless it happened 封存报文编号",
    description="For a sender that gives a message up without knowing its outcome. What took "
    "effect is told and stays; what did not, never will: a late original is refused with "
    "`message-fenced`. Repeating it is harmless. "
    "放弃结果不明的报文：已生效的返回其结果；未生效的予以封存，迟到的原报文不予受理。可重复调用。",
    dependencies=[only()],
    response_model=MessageView,
    responses=problems(MessageIdFormat, MessageRunning, MessageOwn, Busy),
)
async def fence(
    door: OpenDoor,
    message_id: Annotated[
        str, Path(description="Idempotency-Key 报文编号", examples=["6f1d2c1e-0001"])
    ],
) -> Response:
    """Shut a message out."""
    return await door.write(
        lambda work: outcomes.fence(work, message_id),
        show=lambda told: MessageView.of(message_id, told),
        status=200,
    )
