"""Every refusal, explained: for programs as JSON, for people as a page."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from app.kernel.refusal import Kind, Refusal
from app.reference.errors import ProblemUnknown
from app.runtime.problems import CATALOGUE, STATUS, catalogue

# What to do about a kind of refusal, where the refusal itself says nothing better.
REMEDIES: Mapping[Kind, tuple[str, str]] = {
    Kind.MALFORMED: ("Mend the message and send it again.", "请修正报文后重新发送。"),
    Kind.UNAUTHENTICATED: ("Get a new token and try again.", "请重新获取令牌后再试。"),
    Kind.FORBIDDEN: (
        "Ask the hub's operator for the right, or call with the credentials of the right party.",
        "请联系平台运维开通权限，或改用有权接入方的凭证。",
    ),
    Kind.UNKNOWN: (
        "Check the number; what a party may not see does not exist for it.",
        "请核对编号；无权查看的业务视同不存在。",
    ),
    Kind.NOT_ALLOWED: ("See the `Allow` header.", "请查看 Allow 响应头。"),
    Kind.CONFLICT: (
        "Read the current state, then decide anew.",
        "请先查询最新状态，再决定后续操作。",
    ),
    Kind.TOO_SLOW: (
        "Send the same message again with the same id over a faster connection.",
        "请在网络通畅时以同一报文编号重发。",
    ),
    Kind.TOO_LARGE: ("Send less at a time.", "请减少单次发送的内容。"),
    Kind.HEADERS_TOO_LARGE: ("Send shorter headers.", "请缩短请求头。"),
    Kind.UNSUPPORTED: ("Send one of the content types named.", "请使用所列内容类型。"),
    Kind.REFUSED: (
        "Understood, and the rules say no: tell the clerk why; sending it again does not help.",
        "报文已理解但不符合规则：请将原因告知经办人员，重发无效。",
    ),
    Kind.KEY_MISSING: ("Send an Idempotency-Key.", "请携带 Idempotency-Key。"),
    Kind.TOO_MANY: (
        "Wait as long as Retry-After says, then send the same message with the same id.",
        "请按 Retry-After 等待后，以同一报文编号重发。",
    ),
    Kind.RUNNING: (
        "Send the same message again with the same id, after Retry-After seconds, for its answer.",
        "请在 Retry-After 秒后以同一报文编号重发以取得结果。",
    ),
    Kind.BUSY: (
        "Send the same message again with the same id, after Retry-After seconds.",
        "请在 Retry-After 秒后以同一报文编号重发。",
    ),
    Kind.BUG: (
        "Report the `instance` to the hub's operator; nothing was done.",
        "请将 instance 告知平台运维；本次请求未生效。",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A refusal as the catalogue tells it."""

    code: str
    status: int
    title: str
    title_zh: str
    meaning: str
    remedy: str
    remedy_zh: str

    @classmethod
    def of(cls, kind: type[Refusal]) -> Explanation:
        """Explain one refusal."""
        remedy, remedy_zh = REMEDIES[kind.kind]
        return cls(
            code=kind.code,
            status=STATUS[kind.kind],
            title=kind.title,
            title_zh=kind.title_zh,
            meaning=inspect.cleandoc(kind.__doc__ or kind.title),
            remedy=kind.remedy or remedy,
            remedy_zh=kind.remedy_zh or remedy_zh,
        )


def all_explanations() -> list[Explanation]:
    """Explain every refusal the hub knows, by code."""
    return [Explanation.of(kind) for kind in catalogue()]


def explanation(code: str) -> Explanation:
    """Explain one refusal, or refuse."""
    for kind in catalogue():
        if kind.code == code:
            return Explanation.of(kind)
    raise ProblemUnknown(problem=code)


STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "code{background:#f2f2f2;padding:.1em .3em}td,th{text-align:left;padding:.2em .8em .2em 0;"
    "vertical-align:top}dt{font-weight:600}"
)


def page(each: Explanation) -> str:
    """Write the page of one refusal."""
    body = (
        f"<h1>{escape(each.title)}<br>{escape(each.title_zh)}</h1>"
        f"<p><code>{escape(each.code)}</code> · HTTP {each.status}</p>"
        f"<p>{escape(each.meaning)}</p>"
        f"<dl><dt>What to do 处理办法</dt><dd>{escape(each.remedy)}</dd>"
        f"<dd>{escape(each.remedy_zh)}</dd></dl>"
        f'<p><a href="{CATALOGUE}">All refusals 全部错误代码</a></p>'
    )
    return _document(f"{each.title} {each.title_zh}", body)


def index_page(explanations: list[Explanation]) -> str:
    """Write the page that lists them all."""
    rows = "".join(
        f'<tr><td><a href="{CATALOGUE}/{escape(e.code)}"><code>{escape(e.code)}</code></a></td>'
        f"<td>{e.status}</td><td>{escape(e.title)}<br>{escape(e.title_zh)}</td></tr>"
        for e in explanations
    )
    head = "<tr><th>code</th><th>HTTP</th><th>title 标题</th></tr>"
    return _document("Refusals 错误代码", f"<h1>Refusals 错误代码</h1><table>{head}{rows}</table>")


def _document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>"
    )
