"""Writes the pages of docs/gateway from the mapping, each with an exchange that took place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.gateway.codes import codes
from app.gateway.mapping import (
    InputField,
    InputNode,
    OutputField,
    OutputNode,
    Transaction,
    envelope,
    transactions,
)
from app.gateway.outputs import MARK, MARKED
from app.reference.value_sets import ValueSet, value_sets
from app.runtime.problems import catalogue

HEAD = (
    "<!-- Written by `make golden` from app/gateway/*.toml and a real exchange; do not edit. -->\n"
)
TYPES = {
    "text": "text",
    "code": "code",
    "day": "yyyy-MM-dd",
    "instant": "yyyy-MM-dd HH:mm:ss",
    "amount": "num 16,2",
    "quantity": "num 16,4",
    "price": "num 16,6",
    "count": "whole number",
    "texts": "list of text",
    "file": "base64, or a list of bytes",
}


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A message as it was sent, and its answer as it came; a file as the text in it."""

    request: Mapping[str, object]
    answer: Mapping[str, object] | str


def transaction_page(it: Transaction, exchanged: Exchanged) -> str:
    """Write the page of one transaction."""
    twin = f"`{it.rest}`" if it.rest else "none"
    lines = [
        HEAD,
        f"# {it.number} {it.zh} {it.en}",
        "",
        it.says,
        "",
        f"- Sent by 发起方: {'、'.join(kind.value for kind in it.callers)}",
        f"- Twin in REST 对应接口: {twin}",
        f"- Writes 写操作: {'yes; send it again with the same msgid' if it.writes else 'no'}",
        "",
        "## Input 输入",
        "",
        *(line for node in it.inputs for line in _input(node)),
        "## Output 输出",
        "",
        *(line for node in it.outputs for line in _output(node)),
        "## Exchanged 实际往返报文",
        "",
        *_json(exchanged.request),
        *_answer(exchanged.answer),
    ]
    return "\n".join(lines)


def index_page() -> str:
    """Write the page that lists the transactions and the header's fields."""
    rows = [
        (f"[{it.number}]({it.number}.md)", it.zh, it.en, f"`{it.rest}`" if it.rest else "")
        for it in transactions().values()
    ]
    lines = [
        HEAD,
        "# Transactions 交易一览",
        "",
        "A compatibility profile, never the official interface; see [gateway.md](../gateway.md).",
        "",
        *_table(("infno", "交易", "transaction", "REST"), rows),
        "## Header 报文头",
        "",
        *_table(
            ("field", "中文", "type", "length", "required", "note"),
            [_input_row(it, ours=False) for it in envelope().fields],
        ),
        "## Answer 应答",
        "",
        *_table(("field", "meaning"), ANSWER),
    ]
    return "\n".join(lines)


ANSWER = (
    ("infcode", "0 success 成功, -1 refused 失败"),
    ("inf_refmsgid", "The hub's id of the message: division 6, time 14, serial 10 接收方报文编号"),
    ("refmsg_time · respond_time", "yyyyMMddHHmmssSSS"),
    ("err_msg", "`[CODE] 中文原因 (field)`, at most 200 characters; empty on success"),
    ("output", "The nodes of the transaction; of a refusal `errors[]`"),
    (
        "output.errors[]",
        (
            "code, message, message_en, detail, detail_en, field, and where it applies index, "
            "feedetl_sn, facts"
        ),
    ),
)


def values_page() -> str:
    """Write the page of the value sets."""
    lines = [
        HEAD,
        "# Value sets 代码表",
        "",
        "Our own; also at `GET /v1/dictionaries` (names begin with `gateway-`) and by 1901.",
        "",
        *(line for it in value_sets().values() for line in _values(it)),
    ]
    return "\n".join(lines)


def codes_page() -> str:
    """Write the page of the codes that differ from the hub's own."""
    known = {it.code: it for it in catalogue()}
    rows = [
        (f"`{code}`", f"`{name}`", known[name].title_zh, known[name].title)
        for name, code in sorted(codes().refusals.items(), key=lambda pair: (pair[1], pair[0]))
        if name in known
    ]
    faults = [(f"`{code}`", f"`{name}`") for name, code in codes().faults.items()]
    lines = [
        HEAD,
        "# Codes 错误代码",
        "",
        "A refusal that is not listed is told by its own code in capitals: `visit-unknown` is",
        "`VISIT_UNKNOWN`. Every refusal is explained at `/v1/problems`.",
        "",
        *_table(("code", "refusal", "中文", "title"), rows),
        "## Of one fee line 费用明细",
        "",
        *_table(("code", "fault"), faults),
    ]
    return "\n".join(lines)


def _input(node: InputNode) -> list[str]:
    many = f", a list of 1 to {node.rows_max} or one object" if node.many else ""
    optional = ", may be left out" if node.optional else ""
    rows = [_input_row(it, ours=True) for it in node.fields]
    titles = ("field", "中文", "type", "length", "required", "the hub's name", "note")
    return [f"`{node.name}`{many}{optional}", "", *_table(titles, rows)]


def _input_row(it: InputField, *, ours: bool) -> tuple[str, ...]:
    length = str(it.length) if it.length else ""
    named = (it.ours and f"`{it.ours}`",) if ours else ()
    required = "Y" if it.required else ""
    like = f"`{it.like}` " if it.like else ""
    return (_name(it), it.zh, TYPES[it.type], length, required, *named, f"{like}{_note(it)}")


def _output(node: OutputNode) -> list[str]:
    rows = [
        (
            _name(it),
            it.zh,
            TYPES[it.type],
            f"`{it.fact}`" if it.fact else f"always `{it.constant}`",
            _note(it),
        )
        for it in node.fields
    ]
    new = ", our own node" if node.new else ""
    many = " (list)" if node.many else ""
    titles = ("field", "中文", "type", "the hub's name", "note")
    return [f"`{node.name}`{many}{new}", "", *_table(titles, rows)]


def _name(it: InputField | OutputField) -> str:
    return f"`{it.name}`" + (" *new*" if it.new else "")


def _note(it: InputField | OutputField) -> str:
    anchor = f"[{it.value_set}](value-sets.md#{it.value_set})" if it.value_set else ""
    return " ".join(filter(None, (anchor, it.note)))


def _values(it: ValueSet) -> list[str]:
    taken = [(f"`{each.value}`", each.zh, each.en, each.ours, each.note) for each in it.values]
    refused = [(f"`{each.value}`", each.zh, each.en, "*refused*", "") for each in it.refused]
    titles = ("value", "中文", "meaning", "the hub's value", "note")
    return [f"## {it.name}", "", f"{it.zh}: {it.en}", "", *_table(titles, [*taken, *refused])]


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(titles)} |",
        "|" + "---|" * len(titles),
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]


def _answer(body: Mapping[str, object] | str) -> list[str]:
    if not isinstance(body, str):
        return _json(body)
    return ["`application/octet-stream`, a zip of this text:", "", "```text", body, "```", ""]


def _json(body: Mapping[str, object]) -> list[str]:
    text = json.dumps(body, ensure_ascii=False, indent=1, default=lambda it: f"{MARK}{it}")
    return ["```json", MARKED.sub(r"\1", text), "```", ""]  # amounts as they were written
