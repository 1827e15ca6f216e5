"""Batches of filings as they look on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.filing.model import BatchOutcome
from app.filing.schemas.filings import CITIZEN, FILING
from app.runtime.uploads import RowFaultView

ROWS_MAX = 1_000
ASKED = ConfigDict(extra="forbid", frozen=True)
Cell = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]


class BatchRowIn(BaseModel):
    """One row of a batch: texts as in the sheet, so that each row is judged by itself 一行备案."""

    model_config = ASKED

    worker: Cell = Field(default="", description="Number of the worker 工伤职工编号", examples=[""])
    certificate_number: Cell = Field(
        default="", description="Certificate number 证件号码", examples=[CITIZEN]
    )
    name: Cell = Field(default="", description="Name 姓名", examples=["赵例甲甲"])
    kind: Cell = Field(default="", description="Kind 备案类型", examples=["residence"])
    treatment_region: Cell = Field(default="", description="Place 就医地区划", examples=["370100"])
    cost_kinds: tuple[Cell, ...] = Field(
        default=(), max_length=10, description="Kinds of cost 费用类别", examples=[["medical"]]
    )
    first_day: Cell = Field(default="", description="First day 生效日期", examples=[""])
    diagnosis_code: Cell = Field(default="", description="Code 转诊诊断编码", examples=[""])
    diagnosis: Cell = Field(default="", description="Diagnosis 转诊诊断", examples=[""])
    referring_institution: Cell = Field(default="", description="Referring 转出机构", examples=[""])
    referral_reason: Cell = Field(default="", description="Why referred 转诊原因", examples=[""])
    referred_on: Cell = Field(default="", description="Referred on 转诊日期", examples=[""])

    def cells(self) -> dict[str, str]:
        """Return the row as a sheet would hold it."""
        shown = {name: getattr(self, name) for name in type(self).model_fields}
        return shown | {"cost_kinds": "；".join(self.cost_kinds)}


class BatchIn(BaseModel):
    """A batch of filings taken in offline 批量备案."""

    model_config = ASKED

    rows: tuple[BatchRowIn, ...] = Field(
        min_length=1, max_length=ROWS_MAX, description="1 to 1,000 rows 每次 1 至 1000 行"
    )


class AcceptedRowView(BaseModel):
    """A row that is filed 已受理行."""

    row: int = Field(description="Row: line of the sheet, or from 1 in JSON 行号", examples=[2])
    filing: str = Field(description="Number of the filing 备案编号", examples=[FILING])
    already_filed: bool = Field(
        description="It was filed before; nothing was changed 此前已备案，未作变动",
        examples=[False],
    )


class RefusedRowView(BaseModel):
    """A row that is refused, with all its errors 未受理行及全部错误."""

    row: int = Field(description="Row: line of the sheet, or from 1 in JSON 行号", examples=[3])
    errors: list[RowFaultView] = Field(description="All its errors 全部错误")


class BatchView(BaseModel):
    """What became of each row 批量备案结果."""

    accepted: list[AcceptedRowView] = Field(description="Rows filed 已受理行")
    refused: list[RefusedRowView] = Field(description="Rows refused 未受理行")

    @classmethod
    def of(cls, outcomes: Sequence[BatchOutcome]) -> Self:
        """Show the outcome of every row."""
        return cls(
            accepted=[
                AcceptedRowView(row=it.row, filing=it.filing, already_filed=it.already_filed)
                for it in outcomes
                if it.filing is not None
            ],
            refused=[
                RefusedRowView(row=it.row, errors=[RowFaultView.of(each) for each in it.refusals])
                for it in outcomes
                if it.filing is None
            ],
        )
