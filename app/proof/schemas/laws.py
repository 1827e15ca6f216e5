"""A proof on the wire: every law, and the first difference from each."""

from __future__ import annotations

from pydantic import BaseModel, Field

from app.proof.model.laws import Difference, Finding, Report, Unit

_YUAN = "yuan with two decimals 元，两位小数"


class DifferenceView(BaseModel):
    """Two figures that ought to be one 差异."""

    subject: str | None = Field(
        description="Account, or number of the document 账户或业务编号",
        examples=["uncleared:110000:370000"],
    )
    insured_place: str | None = Field(description="Insured place 参保地", examples=["110000"])
    treatment_place: str | None = Field(description="Treatment place 就医地", examples=["370000"])
    institution: str | None = Field(
        description="Institution code 协议机构编码", examples=["H37010000001"]
    )
    period: str | None = Field(
        description="Month, clearing period or day 月份、清算期或日期", examples=["2025Q3"]
    )
    found: int = Field(description="As kept 账面值", examples=[1825000])
    expected: int = Field(description="As it follows from the rest 应有值", examples=[1825001])

    @classmethod
    def of(cls, it: Difference) -> DifferenceView:
        """Show a difference."""
        return cls(
            subject=it.subject,
            insured_place=it.insured_place,
            treatment_place=it.treatment_place,
            institution=it.institution,
            period=it.period,
            found=it.found,
            expected=it.expected,
        )


class LawView(BaseModel):
    """A law, and whether it holds 核对规则及结果."""

    law: str = Field(description="Name 规则代码", examples=["balance_of_postings"])
    title: str = Field(
        description="What it says 规则（英文）", examples=["A balance is the sum of its postings"]
    )
    title_zh: str = Field(
        description="What it says, in Chinese 规则", examples=["账户余额等于其分录合计"]
    )
    holds: bool = Field(description="Whether it holds 是否相符", examples=[True])
    warning: bool = Field(
        description="Whether it only alarms, say about sealing that lags 仅告警，不影响相符结论",
        examples=[False],
    )
    unit: Unit = Field(description="What the figures count 计量单位：分、笔数或天数")
    found: str = Field(description="What was found 账面值含义", examples=["balance as kept"])
    found_zh: str = Field(
        description="What was found, in Chinese 账面值含义", examples=["账面余额"]
    )
    expected: str = Field(
        description="What it ought to be 应有值含义", examples=["sum of the postings"]
    )
    expected_zh: str = Field(
        description="What it ought to be, in Chinese 应有值含义", examples=["分录合计"]
    )
    difference: DifferenceView | None = Field(
        description="The first difference; null when there is none 首个差异，相符时为 null"
    )

    @classmethod
    def of(cls, it: Finding) -> LawView:
        """Show a finding."""
        difference = None if it.difference is None else DifferenceView.of(it.difference)
        return cls(
            law=it.law.code,
            title=it.law.title,
            title_zh=it.law.title_zh,
            holds=it.difference is None,
            warning=it.law.warning,
            unit=it.law.unit,
            found=it.law.found,
            found_zh=it.law.found_zh,
            expected=it.law.expected,
            expected_zh=it.law.expected_zh,
            difference=difference,
        )


class ProofView(BaseModel):
    """The whole hub, added up afresh 账账、账款核对结果."""

    holds: bool = Field(description="Whether everything adds up 是否相符", examples=[True])
    accounts: int = Field(description="Accounts 账户数", examples=[42])
    entries: int = Field(description="Entries 记账事件数", examples=[1200])
    postings: int = Field(description="Postings 分录数", examples=[1190])
    turnover: str = Field(
        description=f"Sum of all postings, {_YUAN} 发生额合计", examples=["9321050.25"]
    )
    settlements: int = Field(
        description="Settlements and cancellations 结算与撤销笔数", examples=[1100]
    )
    claims: int = Field(description="Claims 清算对数", examples=[31])
    notices: int = Field(description="Notices 通知书份数", examples=[62])
    payments: int = Field(description="Lines of the bank 银行回单笔数", examples=[31])
    seals: int = Field(description="Seals 封存块数", examples=[400])
    difference: LawView | None = Field(
        description="The first law that does not hold; null when all do 首个不符规则，相符时为 null"
    )
    laws: list[LawView] = Field(description="Every law, in order 全部规则")

    @classmethod
    def of(cls, it: Report) -> ProofView:
        """Show a report."""
        extent = it.extent
        return cls(
            holds=it.holds,
            accounts=extent.accounts,
            entries=extent.entries,
            postings=extent.postings,
            turnover=str(extent.turnover),
            settlements=extent.settlements,
            claims=extent.claims,
            notices=extent.notices,
            payments=extent.payments,
            seals=extent.seals,
            difference=None if it.first is None else LawView.of(it.first),
            laws=[LawView.of(each) for each in it.findings],
        )
