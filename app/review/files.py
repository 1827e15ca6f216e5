"""What leaves as a file: a day's settlements as CSV, and the fund request as a printed page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.kernel.calendar import business_day
from app.kernel.regions import Scheme
from app.review.model import DayRow
from app.review.model.monthly import FundRequest, ReviewTotals
from app.runtime.documents import STYLE, capitals, grouped, written_day
from app.runtime.sheets import write_csv

COLUMNS = (
    "settlement",
    "kind",
    "cancels",
    "visit",
    "worker",
    "settled_at",
    "total",
    "fund",
    "own",
    "message",
)


def day_csv(rows: Sequence[DayRow]) -> bytes:
    """Write a day, cancellations as negative rows of their own."""
    listed = [
        [
            row.settlement,
            row.kind.value,
            row.cancels or "",
            row.visit,
            row.worker,
            row.settled_at.isoformat(),
            str(row.total),
            str(row.fund),
            str(row.own),
            row.message or "",
        ]
        for row in rows
    ]
    return write_csv(COLUMNS, listed)


def fund_request_page(it: FundRequest) -> str:
    """Write a fund request as a page to be printed, in the manner of an official document (公文).

    Every figure of it is on the wire as well; a browser prints it to paper or to PDF.
    """
    review, totals = it.review, it.review.totals
    assert review.requested_at is not None, "it has a number"
    title = "工伤保险异地就医医疗费用用款申请表"
    scheme = "跨省" if review.scheme is Scheme.CROSS_PROVINCE else "省内"
    institutions = "".join(_line(each.institution, each.totals) for each in it.institutions)
    insured = "".join(_line(each.insured_place, each.totals) for each in it.insured_places)
    month = f"{review.month.year}年{review.month.number}月"
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{title} {escape(it.number)}</title>
<style>{STYLE}</style></head><body>
<h1>{title}</h1><p class="en">Fund request</p>
<p class="number">编号 No. {escape(it.number)}</p>
<p><strong>{escape(it.place_name)}（{review.place}）财政部门：</strong></p>
<p>{month}{scheme}异地就医费用已审核关账，申请拨付 {totals.due} 元，用于支付协议机构。
{review.month}: reviewed and closed; {totals.due} yuan are asked for, to pay institutions.</p>
<table>{_HEADING.format("协议机构 Institution")}<tbody>{institutions}{_sum(totals)}</tbody></table>
<p>金额大写：{capitals(totals.due)}</p>
<table>{_HEADING.format("参保地 Insured place")}<tbody>{insured}{_sum(totals)}</tbody></table>
<table><tbody>
<tr><th>关账编号 Closed as</th><td>{escape(review.number)}</td></tr>
<tr><th>关账日期 Closed on</th><td>{written_day(business_day(review.closed_at))}</td></tr>
<tr><th>请款截止 To be asked for by</th><td>{written_day(review.due.request_by)}</td></tr>
<tr><th>明细摘要 Digest</th><td class="root">{review.root.hex()}</td></tr>
</tbody></table>
<p class="note">控制总数：{totals.settlements} 笔结算，{totals.deductions} 笔扣款。
Control totals: {totals.settlements} settlements, {totals.deductions} deductions.</p>
<p class="issuer">{escape(it.place_name)}经办机构<br>
{written_day(business_day(review.requested_at))}</p>
</body></html>
"""


_HEADING = (
    "<thead><tr><th>{}</th><th>笔数 Number</th><th>基金支付 Fund</th><th>扣款 Deducted</th>"
    "<th>应付 Due</th></tr></thead>"
)


def _line(label: str, it: ReviewTotals) -> str:
    amounts = "".join(
        f'<td class="amount">{grouped(each)}</td>' for each in (it.fund, it.deducted, it.due)
    )
    return f'<tr><th>{escape(label)}</th><td class="amount">{it.settlements}</td>{amounts}</tr>'


def _sum(it: ReviewTotals) -> str:
    return _line("合计 Sum", it).replace("<tr>", '<tr class="sum">', 1)
