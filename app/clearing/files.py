"""What leaves and enters as a document: the printed notice, the payment advice, bank lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape

from app.clearing.errors import BankRowsUnreadable
from app.clearing.model import Notice, NoticeKind, Part
from app.clearing.model.paying import Advice, BankLine
from app.kernel.calendar import business_day, is_within_reach
from app.kernel.money import Money
from app.kernel.regions import REGION_CODE
from app.runtime.documents import STYLE, capitals, grouped, written_day
from app.runtime.sheets import write_csv

BANK_COLUMNS = ("bank_reference", "reference", "payer", "payee", "amount", "date")
BANK_ROWS_MAX = 2_000
BANK_EXAMPLE_CSV = (
    ",".join(BANK_COLUMNS)
    + "\n20251120000001,N1100002510310000001,110000,370000,1702500.50,2025-11-20\n"
)
ADVICE_COLUMNS = ("reference", "payer", "payee", "amount", "pay_by", "notice")
_REFERENCE_MAX = 64
_TITLES = {
    NoticeKind.PAYABLE: ("工伤保险异地就医费用付款通知书", "Notice of payment"),
    NoticeKind.RECEIVABLE: ("工伤保险异地就医费用收款通知书", "Notice of receipt"),
}


def notice_page(it: Notice) -> str:
    """Write a notice as a page to be printed, in the manner of an official document (公文).

    Every figure of it is on the wire as well; a browser prints it to paper or to PDF.
    """
    zh, en = _TITLES[it.kind]
    issued = business_day(it.issued_at)
    settled = it.totals.settlements - it.reviewed.items
    rows = "".join(
        (
            _row("结算数 Settled", settled, it.totals.fund + it.reviewed.fund),
            _part("减：审核扣款 Less: deducted in review", it.reviewed),
            _row("清算数（控制总数）Claimed (control totals)", *_control(it)),
            _part("减：争议核减 Less: deducted after contest", it.deducted),
            _part("减：争议顺延 Less: contested, rolled forward", it.rolled),
            _sum_row("本次应付" if it.kind is NoticeKind.PAYABLE else "本次应收", it),
        )
    )
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(zh)} {escape(it.number)}</title>
<style>{STYLE}</style></head><body>
<h1>{escape(zh)}</h1><p class="en">{escape(en)}</p>
<p class="number">编号 No. {escape(it.number)}</p>
<p><strong>{_named(it.party_name, it.party_place)} 经办机构：</strong></p>
<p>{_sentence(it)}</p>
<table><thead><tr><th>项目 Item</th><th>笔数 Number</th><th>金额（元）Yuan</th></tr></thead>
<tbody>{rows}</tbody></table>
<p>金额大写：{capitals(it.amount)}</p>
<table><tbody>
<tr><th>清算编号 Clearing</th><td>{escape(it.clearing)}</td></tr>
<tr><th>清算期 Period</th><td>{escape(it.period)}</td></tr>
<tr><th>对方 Counterpart</th><td>{_named(it.counter_name, it.counter_place)}</td></tr>
<tr><th>对方通知书 Its notice</th><td>{escape(it.counterpart)}</td></tr>
<tr><th>提交财政截止 To finance by</th><td>{written_day(it.due.to_finance_by)}</td></tr>
<tr><th>拨付截止 Pay by</th><td>{written_day(it.due.pay_by)}</td></tr>
<tr><th>付款附言 Reference</th><td>{escape(_reference(it))}</td></tr>
<tr><th>明细摘要 Digest</th><td class="root">{it.root.hex()}</td></tr>
</tbody></table>
<p class="note">控制总数：{it.totals.settlements} 笔，费用总额 {it.totals.total} 元，基金支付
{it.totals.fund} 元。全收全支，不轧差。
Control totals: {it.totals.settlements} items, cost {it.totals.total} yuan, fund share
{it.totals.fund} yuan; gross, nothing set off.</p>
<p class="issuer">部级经办机构<br>{written_day(issued)}</p>
</body></html>
"""


def advice_csv(advised: Sequence[Advice]) -> bytes:
    """Write what is to be paid as a sheet for the payer's bank (付款清单)."""
    return write_csv(
        ADVICE_COLUMNS,
        [
            (
                it.reference,
                it.payer,
                it.payee,
                str(it.amount),
                it.pay_by.isoformat(),
                it.notice,
            )
            for it in advised
        ],
    )


def bank_lines(rows: Sequence[tuple[int, Mapping[str, str]]]) -> list[BankLine]:
    """Read the rows of a bank's confirmation; refuse naming every cell that cannot be read."""
    faults: list[dict[str, object]] = []
    lines = [_bank_line(number, cells, faults) for number, cells in rows]
    if faults:
        raise BankRowsUnreadable(errors=faults)
    return [line for line in lines if line is not None]


def _bank_line(
    number: int, cells: Mapping[str, str], faults: list[dict[str, object]]
) -> BankLine | None:
    wrong = [
        name
        for name in ("bank_reference", "reference")
        if not 0 < len(cells[name]) <= _REFERENCE_MAX
    ]
    wrong += [name for name in ("payer", "payee") if not REGION_CODE.fullmatch(cells[name])]
    amount, paid_on = _amount(cells["amount"]), _date(cells["date"])
    wrong += ["amount"] if amount is None else []
    wrong += ["date"] if paid_on is None else []
    faults += [{"line": number, "column": name, "code": "unreadable"} for name in wrong]
    if wrong or amount is None or paid_on is None:
        return None
    return BankLine(
        line=number,
        bank_reference=cells["bank_reference"],
        reference=cells["reference"],
        payer=cells["payer"],
        payee=cells["payee"],
        amount=amount,
        paid_on=paid_on,
    )


def _amount(text: str) -> Money | None:
    try:
        amount = Money.yuan(text)
    except ValueError:
        return None
    return amount if amount.fen else None


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if is_within_reach(day) else None


def _sentence(it: Notice) -> str:
    """Say who pays whom; a credit runs the other way."""
    pays = (it.kind is NoticeKind.PAYABLE) != it.amount.is_negative
    owed = -it.amount if it.amount.is_negative else it.amount
    other = _named(it.counter_name, it.counter_place)
    if pays:
        return (
            f"请于 {written_day(it.due.pay_by)} 前向 {other} 支付 {owed} 元。 "
            f"Please pay {owed} yuan to {other} by {it.due.pay_by}."
        )
    return (
        f"{other} 将于 {written_day(it.due.pay_by)} 前向你地支付 {owed} 元，请核收。 "
        f"{other} pays you {owed} yuan by {it.due.pay_by}."
    )


def _named(name: str, place: str) -> str:
    """Write a place as its name and code."""
    return escape(place if name == place else f"{name}（{place}）")


def _reference(it: Notice) -> str:
    return it.number if it.kind is NoticeKind.PAYABLE else it.counterpart


def _row(label: str, number: int, amount: Money) -> str:
    return (
        f'<tr><th>{escape(label)}</th><td class="amount">{number}</td>'
        f'<td class="amount">{grouped(amount)}</td></tr>'
    )


def _control(it: Notice) -> tuple[int, Money]:
    return it.totals.settlements, it.totals.fund


def _part(label: str, part: Part) -> str:
    return _row(label, part.items, part.fund)


def _sum_row(label: str, it: Notice) -> str:
    number = it.totals.settlements - it.rolled.items
    row = _row(f"{label} Amount called for", number, it.amount)
    return row.replace("<tr>", '<tr class="sum">', 1)
