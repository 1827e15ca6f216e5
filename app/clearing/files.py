"""What leaves and enters as a document: the printed notice, the payment advice, bank lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape

from app.clearing.errors import BankRowsUnreadable
from app.clearing.model import Notice, NoticeKind, Part
from app.clearing.model.paying import Advice, BankLine
from app.kernel.calendar import business_day
from app.kernel.money import Money
from app.kernel.regions import REGION_CODE
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
_NUMERALS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万")
_HUNDRED_MILLIONS = 2
_STYLE = """
@page { size: A4; margin: 25mm 22mm; }
body { font-family: "FangSong", "STFangsong", "Noto Serif CJK SC", serif; color: #000;
  max-width: 166mm; margin: 12mm auto; line-height: 1.7; }
h1 { font-family: "SimSun", "Noto Serif CJK SC", serif; text-align: center; font-size: 20pt;
  margin: 0; letter-spacing: .08em; }
.en { text-align: center; font-size: 10.5pt; margin: 0 0 6mm; }
.number { text-align: right; font-size: 10.5pt; border-bottom: 1.5pt solid #b00; padding: 0 0 2mm; }
table { width: 100%; border-collapse: collapse; margin: 5mm 0; font-size: 11pt; }
th, td { border: .75pt solid #000; padding: 2mm 3mm; text-align: left; font-weight: normal; }
td.amount { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.sum td, tr.sum th { font-weight: bold; }
.root { font-family: monospace; font-size: 8pt; word-break: break-all; }
.issuer { text-align: right; margin-top: 14mm; }
.note { font-size: 9pt; }
@media print { body { margin: 0; } }
"""


def notice_page(it: Notice) -> str:
    """Write a notice as a page to be printed, in the manner of an official document (公文).

    Every figure of it is on the wire as well; a browser prints it to paper or to PDF.
    """
    zh, en = _TITLES[it.kind]
    issued = business_day(it.issued_at)
    rows = "".join(
        (
            _row("清算数 Claimed", it.totals.settlements, it.totals.fund),
            _part("减：争议核减 Less: deducted after contest", it.deducted),
            _part("减：争议顺延 Less: contested, rolled forward", it.rolled),
            _sum_row("本次应付" if it.kind is NoticeKind.PAYABLE else "本次应收", it),
        )
    )
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(zh)} {escape(it.number)}</title>
<style>{_STYLE}</style></head><body>
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
<tr><th>提交财政截止 To finance by</th><td>{_day(it.due.to_finance_by)}</td></tr>
<tr><th>拨付截止 Pay by</th><td>{_day(it.due.pay_by)}</td></tr>
<tr><th>付款附言 Reference</th><td>{escape(_reference(it))}</td></tr>
<tr><th>明细摘要 Digest</th><td class="root">{it.root.hex()}</td></tr>
</tbody></table>
<p class="note">控制总数：{it.totals.settlements} 笔，{it.totals.fund} 元。全收全支，不轧差。
Control totals: {it.totals.settlements} settlements, {it.totals.fund} yuan; gross, nothing set
off.</p>
<p class="issuer">部级经办机构<br>{_day(issued)}</p>
</body></html>
"""


def capitals(amount: Money) -> str:
    """Write an amount in the numerals of financial documents (金额大写), hard to alter."""
    yuan, rest = divmod(abs(amount.fen), 100)
    jiao, fen = divmod(rest, 10)
    text = "负" if amount.is_negative else ""
    text += f"{_whole(yuan)}元" if yuan or not rest else ""
    if not rest:
        return f"{text}整"
    if jiao:
        text += f"{_NUMERALS[jiao]}角"
    elif yuan:
        text += "零"
    return f"{text}{_NUMERALS[fen]}分" if fen else f"{text}整"


def _whole(number: int) -> str:
    """Write a whole number: 拾, 佰 and 仟 within each four digits, 万 and 亿 between them."""
    digits = str(number)
    text, pending, in_group = "", False, False
    for index, digit in enumerate(digits):
        group, place = divmod(len(digits) - 1 - index, 4)
        if digit == "0":
            pending = True
        else:
            text += ("零" if pending and text else "") + _NUMERALS[int(digit)] + _PLACES[place]
            pending, in_group = False, True
        if place == 0:
            spans = group == _HUNDRED_MILLIONS and len(digits) > 4 * (group + 1)
            text += _GROUPS[group] if in_group or spans else ""
            in_group = False
    return text or "零"


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
        return date.fromisoformat(text)
    except ValueError:
        return None


def _sentence(it: Notice) -> str:
    """Say who pays whom; a credit runs the other way."""
    pays = (it.kind is NoticeKind.PAYABLE) != it.amount.is_negative
    owed = -it.amount if it.amount.is_negative else it.amount
    other = _named(it.counter_name, it.counter_place)
    if pays:
        return (
            f"请于 {_day(it.due.pay_by)} 前向 {other} 支付 {owed} 元。 "
            f"Please pay {owed} yuan to {other} by {it.due.pay_by}."
        )
    return (
        f"{other} 将于 {_day(it.due.pay_by)} 前向你地支付 {owed} 元，请核收。 "
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
        f'<td class="amount">{_grouped(amount)}</td></tr>'
    )


def _grouped(amount: Money) -> str:
    """Write an amount with its thousands parted, as on paper."""
    sign = "-" if amount.is_negative else ""
    yuan, fen = divmod(abs(amount.fen), 100)
    return f"{sign}{yuan:,}.{fen:02d}"


def _part(label: str, part: Part) -> str:
    return _row(label, part.items, part.fund)


def _sum_row(label: str, it: Notice) -> str:
    number = it.totals.settlements - it.rolled.items
    row = _row(f"{label} Amount called for", number, it.amount)
    return row.replace("<tr>", '<tr class="sum">', 1)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
