"""The documentation pages /docs and /redoc, whole without the internet, and the OpenAPI document.

The assets come from an installed package; a content policy keeps the browser from going elsewhere.
The document is written when it is first asked for, or soon after a start that is not to wait for
it.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from app.runtime import openapi
from app.runtime.openapi import Example
from app.runtime.problems import NoSuchPath
from app.runtime.telemetry import log, traces_of

TITLE = "Work-injury cross-province settlement hub 工伤保险跨省异地就医直接结算平台"
DESCRIPTION = """
The national hub through which an injured worker insured in one province is treated in another,
pays only the personal share at the desk, and the two provinces settle the rest between them.
本平台支持工伤职工跨省（及省内跨市）异地就医直接结算：职工只需支付个人负担部分，其余由两地之间清算。

**A compatibility profile, never the official interface.** No public copy of the ministry's
interface specification exists; this interface is our own and claims nothing else.
本接口为兼容性实现，并非官方接口规范。

**Authorize 授权.** Press *Authorize*, enter a client id and its secret (a hub on its embedded
database keeps ready-made ones in `credentials.json`). Programs ask `POST /oauth/token`; a token
lives for its `expires_in` seconds. 点击 Authorize，输入客户端编号与密钥；\
程序请调用 `POST /oauth/token` 换取短期令牌。

**Examples 示例.** On a hub that `hub run` or `hub demo` starts on its embedded database, every
example can be sent as it stands, once: *Authorize* with the client it names, then *Execute*. The
people in them are synthetic and new every day. Elsewhere the numbers are those of an earlier
answer. 由 `hub run` 或 `hub demo` 启动的本地试用环境中，各示例均可直接发送一次：\
以其注明的客户端授权后点击 Execute；示例人员均为虚构，每日更新。\
其他环境请填入先前应答返回的编号。

**Idempotency-Key 报文编号.** Every write carries one: new per business action, the same on every
retry. The same id with the same body gets the stored answer again, marked
`Idempotency-Replayed: true`, and has one effect; with another body it is refused. Ids are kept for
ever; `GET /v1/messages/{id}` tells what became of one. This page makes a new id for every
*Execute* unless you type your own. 每个写操作必须携带报文编号：每笔业务唯一，重发不变。\
同号同文返回原应答且只生效一次；同号异文予以拒绝；编号永久保留。

**Refusals 错误应答** are RFC 9457 problem documents in English and Chinese, with a stable `code`;
[every one is explained](/v1/problems). Amounts are strings of yuan with two decimals, times
RFC 3339, lists are paged with `next`. 金额为两位小数的字符串（元），时间为 RFC 3339，\
列表以 next 游标分页。
"""
# English name of a tag → where it stands on the road and what it holds.
TAGS: Mapping[str, str] = {
    "parties": "Credentials and tokens. 接入方凭证与令牌。",
    "regions": "Provinces and cities (GB/T 2260). 省、市行政区划。",
    "institutions": "Agreement institutions: what each may settle, where, from when. "
    "协议机构：可结算的费用类别、范围与起止日期。",
    "catalogues": "Versioned lists of drugs, services, rehabilitation, beds and devices. "
    "药品、诊疗、康复、床位、辅助器具目录及版本。",
    "workers": "Injured workers and their cards. 工伤职工与社会保障卡。",
    "determinations": "Injury determinations and the three confirmations. "
    "工伤认定与复发、康复、辅助器具确认。",
    "entitlement-losses": "Events that end a worker's entitlement. 待遇终止事件。",
    "filings": "Leave to be treated elsewhere and settled directly. 异地就医备案。",
    "visits": "Admissions, fee lines, discharges, device fittings. "
    "就诊登记、费用明细、出院、辅助器具配置。",
    "settlements": "Preview, settlement, cancellation, every line explained. "
    "预结算、结算、撤销与逐项说明。",
    "reconciliations": "The day of a party held against the hub's, and every difference repaired. "
    "日对账与差异处理。",
    "reviews": "Declarations, deductions and appeals, closed months, fund requests, payments to "
    "institutions. 月度申报、审核扣款与申诉、关账、资金申请与拨付。",
    "advances": "The float between two provinces: quotas, notices, usage, warnings, increases. "
    "预付金额度、通知书、使用率、预警与紧急追加。",
    "clearings": "What provinces owe one another for a period. 清分清算与付款、收款通知书。",
    "audit-trail": "Who read, changed and approved what, sealed day by day. 操作留痕及其逐日封存。",
    "deadlines": "What is due, whose it is and until when. 各方期限日历。",
    "ledger": "Double entry between provinces, append-only, with its proof. "
    "复式账务与账账相符证明。",
    "events": "What happened, in one order without gaps: to be fetched, or sent to subscribers. "
    "事件流与事件订阅推送。",
    "messages": "What became of a message. 报文处理结果查询。",
    "gateway": "Numbered transactions in one envelope, for hospital software that speaks them. "
    "供医院信息系统使用的编号交易兼容层，并非官方接口规范。",
    "sandbox": "Personas, faults on demand, a clock that can be set; never in production. "
    "体验人物、故障注入、测试时钟；生产环境不存在。",
    "reference": "Health, counters, refusals, words, dictionaries. "
    "健康检查、指标、错误代码、术语、代码表。",
}
ASSETS: Mapping[str, str] = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "redoc.standalone.js": "text/javascript",
    "favicon.png": "image/png",
}
# Redoc's one address elsewhere: the little picture beside its name.
REDOC_PICTURE = (b"https://cdn.redoc.ly/redoc/logo-mini.svg", b"/docs/assets/favicon.png")
POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; worker-src blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEAD = (
    '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    f'<title>{TITLE}</title><link rel="icon" href="/docs/assets/favicon.png">'
)
# A fresh message id for every Execute: the example in the field would be a replay the second time.
SWAGGER = (
    HEAD
    + """<link rel="stylesheet" href="/docs/assets/swagger-ui.css"></head>
<body><div id="swagger-ui"></div><script src="/docs/assets/swagger-ui-bundle.js"></script><script>
const fresh = () => "docs-" + Array.from(crypto.getRandomValues(new Uint8Array(8)),
  (byte) => byte.toString(16).padStart(2, "0")).join("");
window.ui = SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, docExpansion: "list",
  defaultModelsExpandDepth: 0, displayRequestDuration: true, filter: true,
  persistAuthorization: true, tryItOutEnabled: true, validatorUrl: null,
  requestInterceptor: (request) => {
    if (request.headers && request.headers["Idempotency-Key"] === "EXAMPLE_KEY") {
      request.headers["Idempotency-Key"] = fresh();
    }
    if (request.url.includes("/compat/") && typeof request.body === "string") {
      const now = new Date(Date.now() + 8 * 3600 * 1000).toISOString().slice(0, 19);
      request.body = request.body.replace(
        /("inf_time":\\s*)"2025-09-01 09:00:00"/, `$1"${now.replace("T", " ")}"`);
    }
    return request;
  },
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
</script></body></html>"""
)
REDOC = (
    HEAD
    + """<style>body{margin:0}</style></head><body><div id="redoc"></div>
<script src="/docs/assets/redoc.standalone.js"></script><script>
Redoc.init("/openapi.json", {hideDownloadButtons: false, disableSearch: true},
  document.getElementById("redoc"));
</script></body></html>"""
)


Lay = Callable[[], Mapping[str, Example]]
PAUSE_SECONDS = 1.0  # whoever waits for the hub to start comes first


@dataclass(slots=True)
class Document:
    """The OpenAPI document as it is sent: one writes it, beside the event loop, and all read it."""

    app: FastAPI
    lay: Lay | None = None  # what puts examples of this very hub there, on a loop of its own
    text: bytes | None = None
    writing: asyncio.Task[None] | None = None

    async def read(self) -> bytes:
        """Return the document; who gives up waiting does not stop the writing."""
        while self.text is None:
            if self.writing is None or self.writing.done():
                self.writing = asyncio.create_task(self._write())
            await asyncio.shield(self.writing)
        return self.text

    async def foresee(self) -> None:
        """Write it before anybody asks; where that fails nobody is there to be told but the log."""
        await asyncio.sleep(PAUSE_SECONDS)
        try:
            await self.read()
        except Exception as error:  # noqa: BLE001 -- whoever asks has it tried again
            log.warning("document", **traces_of(error))

    async def _write(self) -> None:
        lay = self.lay
        text = await asyncio.to_thread(self._written, lay)
        if lay is self.lay:  # else there is more to be shown since
            self.text = text

    def _written(self, lay: Lay | None) -> bytes:
        if lay is not None:
            openapi.show(self.app, lay())
        whole = self.app.openapi()
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def show(app: FastAPI, lay: Lay) -> None:
    """Have examples of this hub laid when the document is next asked for, and shown in it."""
    document: Document = app.state.document
    document.lay, document.text = lay, None


@asynccontextmanager
async def foreseen(app: FastAPI) -> AsyncIterator[None]:
    """Have what takes long to show ready soon, where examples of this hub are to be laid for it."""
    document: Document = app.state.document
    if document.lay is None:
        yield
        return
    under_way = asyncio.create_task(document.foresee())
    try:
        yield
    finally:
        under_way.cancel()
        await asyncio.gather(under_way, return_exceptions=True)  # who asks next tries again


def install(app: FastAPI, example_key: str) -> None:
    """Serve the pages, their assets and the document they show."""
    swagger = SWAGGER.replace("EXAMPLE_KEY", example_key)
    headers = {"Content-Security-Policy": POLICY}
    cached = {"Cache-Control": "public, max-age=86400"}
    app.state.document = document = Document(app)

    async def home(_: Request) -> Response:
        return RedirectResponse("/docs")

    async def docs(_: Request) -> Response:
        return HTMLResponse(swagger, headers=headers)

    async def redoc(_: Request) -> Response:
        return HTMLResponse(REDOC, headers=headers)

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in ASSETS:
            raise NoSuchPath
        return Response(_assets()[name], headers=cached, media_type=ASSETS[name])

    async def described(_: Request) -> Response:
        return Response(await document.read(), media_type="application/json")

    served = {
        "/": home,
        "/docs": docs,
        "/redoc": redoc,
        "/docs/assets/{name}": asset,
        "/openapi.json": described,
    }
    for path, page in served.items():
        app.add_route(path, page, methods=["GET"], include_in_schema=False)
    app.openapi = lambda: openapi.document(app, TAGS)  # type: ignore[method-assign]  # FastAPI's own way


@cache
def _assets() -> Mapping[str, bytes]:
    """Read the bundled assets without importing the package that brings them."""
    found = importlib.util.find_spec("fastapi_offline")
    assert found is not None, "a dependency of the hub"
    assert found.origin is not None
    folder = Path(found.origin).parent / "static"
    return {name: (folder / name).read_bytes().replace(*REDOC_PICTURE) for name in ASSETS}
