"""The edge 接入: what is malformed, unauthorised or too much is told, in one shape."""

from __future__ import annotations

from app.conformance.bench import Bench, expect
from app.conformance.case import REST, Family
from app.conformance.rest import admission
from app.conformance.wire import Reply

FAMILY = Family.of("edges")
MANY = 3 * 1024 * 1024


@FAMILY.case("Without a token nothing is told", "无令牌应拒绝", (REST,))
async def no_token(at: Bench) -> None:
    reply = await at.lines.institution.send("GET", "/v1/visits", headers={"Authorization": ""})
    _is_problem(reply, 401)


@FAMILY.case("A forged token is refused", "伪造令牌应拒绝", (REST,))
async def forged_token(at: Bench) -> None:
    forged = at.lines.institution.token[:-4] + "AAAA"
    headers = {"Authorization": f"Bearer {forged}"}
    _is_problem(await at.lines.institution.send("GET", "/v1/visits", headers=headers), 401)


@FAMILY.case("An agency does not admit", "经办机构不得办理入院登记", (REST,))
async def wrong_role(at: Bench) -> None:
    key = at.keys.next(at.lines.agency.party)
    body = admission(await at.person(), at.now)
    _is_problem(await at.lines.agency.send("POST", "/v1/visits", body, key=key), 403)


@FAMILY.case("JSON that is not JSON is told as such", "报文不是 JSON 应拒绝", (REST,))
async def not_json(at: Bench) -> None:
    reply = await at.lines.institution.send("POST", "/v1/visits", raw=b"{half", key=at.key())
    _is_problem(reply, 400)


@FAMILY.case("A field nobody knows is refused by name", "未知字段应拒绝并指明", (REST,))
async def unknown_field(at: Bench) -> None:
    body = admission(await at.person(), at.now) | {"surprise": 1}
    reply = await at.lines.institution.send("POST", "/v1/visits", body, key=at.key())
    _is_problem(reply, 400)
    expect("surprise" in reply.body.decode(), "the field is not named")


@FAMILY.case("A body without end is refused", "超大报文应拒绝", (REST,))
async def too_large(at: Bench) -> None:
    raw = b'{"memo":"' + b"x" * MANY + b'"}'
    reply = await at.lines.institution.send("POST", "/v1/visits", raw=raw, key=at.key())
    _is_problem(reply, 413)


@FAMILY.case("A refusal quotes no personal number", "拒绝应答不得包含证件号码", (REST,))
async def no_personal_number(at: Bench) -> None:
    person = await at.person(filed=False)
    body = admission(person, at.now)
    reply = await at.lines.institution.send("POST", "/v1/visits", body, key=at.key())
    _is_problem(reply, 422)
    expect(person.certificate not in reply.body.decode(), "the certificate number is quoted")


def _is_problem(reply: Reply, status: int) -> None:
    expect(reply.status == status, f"HTTP {reply.status}, expected {status}")
    kind = reply.headers.get("content-type", "")
    expect(kind.startswith("application/problem+json"), f"content type {kind}")
    for name in ("code", "title", "title_zh", "instance"):
        expect(bool(reply.json.get(name)), f"the problem lacks {name}")
