"""Institutions as they look on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from app.institutions.model import (
    Grade,
    Institution,
    InstitutionEntry,
    InstitutionScope,
    InstitutionState,
    InstitutionType,
    ProvinceCoverage,
    Standing,
    TakenIn,
)
from app.institutions.rules import Share, share_of
from app.kernel.costs import CostKind
from app.kernel.regions import Scheme
from app.policy.book import CoverageTarget
from app.runtime.uploads import RowFaultView
from app.runtime.wire import Day

Text = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
SCOPE_EXAMPLE: JsonDict = {
    "cost_kind": "medical",
    "scheme": "cross_province",
    "first_day": "2024-04-01",
}
ENTRY_EXAMPLE: JsonDict = {
    "name": "山东中医药大学第二附属医院",
    "aliases": [],
    "types": ["medical", "rehabilitation"],
    "grade": "三级甲等",
    "region": "370100",
    "address": "山东省济南市市中区经八路1号",
    "address_aliases": [],
    "specialities": [],
    "uscc": None,
    "source": "山东省2024年异地就医直接结算通知 附件1、附件2",
    "scopes": [
        {"cost_kind": "medical", "scheme": "cross_province", "first_day": "2024-04-01"},
        {"cost_kind": "medical", "scheme": "in_province", "first_day": "2024-04-01"},
        {"cost_kind": "rehabilitation", "scheme": "cross_province", "first_day": "2024-04-01"},
        {"cost_kind": "rehabilitation", "scheme": "in_province", "first_day": "2024-04-01"},
    ],
}
CostKindField = Field(description="Cost kind 费用类别", examples=["medical"])
SchemeField = Field(description="Scheme 结算范围", examples=["cross_province"])
FirstDay = Field(description="First day, included 起始日（含）", examples=["2024-04-01"])
StateField = Field(description="State 上线状态", examples=["online"])


class ScopeIn(BaseModel):
    """A service scope 服务范围."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"example": SCOPE_EXAMPLE}
    )

    cost_kind: CostKind = CostKindField
    scheme: Scheme = SchemeField
    first_day: Day = FirstDay
    last_day: Day | None = Field(
        default=None,
        description="Last day, included; none: open 截止日（含），空为长期",
        examples=[None],
    )


class InstitutionIn(BaseModel):
    """The whole entry of an institution, as its treatment agency states it 协议机构登记信息."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"example": ENTRY_EXAMPLE}
    )

    name: Text = Field(description="Name 机构名称", examples=["山东中医药大学第二附属医院"])
    aliases: tuple[Text, ...] = Field(
        default=(), max_length=20, description="Other names 曾用名、别名", examples=[[]]
    )
    types: tuple[InstitutionType, ...] = Field(
        min_length=1, max_length=3, description="Types 机构类别", examples=[["medical"]]
    )
    grade: Grade | None = Field(
        default=None,
        description="Grade; none for device firms 医疗等级，配置机构为空",
        examples=["三级甲等"],
    )
    region: str = Field(
        pattern=r"^[1-9][0-9]{5}$",
        description="Region, as in the code 所在地区划代码（与机构编码一致）",
        examples=["370100"],
    )
    address: Text = Field(description="Address 地址", examples=["山东省济南市市中区经八路1号"])
    address_aliases: tuple[Text, ...] = Field(
        default=(),
        max_length=20,
        description="Other spellings of the address 地址的其他写法",
        examples=[[]],
    )
    specialities: tuple[Text, ...] = Field(
        default=(), max_length=50, description="Specialities 专科特色", examples=[["骨科"]]
    )
    uscc: str | None = Field(
        default=None,
        pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$",
        description="Unified social credit code; null keeps the known one "
        "统一社会信用代码，空值不改变已登记的代码",
        examples=[None],
    )
    source: Text = Field(
        description="The document the entry rests on 登记依据", examples=["鲁人社公告 附件1"]
    )
    scopes: tuple[ScopeIn, ...] = Field(
        max_length=50,
        description="All its service scopes; they replace the known ones 全部服务范围（整体替换）",
    )

    def entry(self, code: str) -> InstitutionEntry:
        """Return the entry this speaks of."""
        given = self.model_dump(exclude={"types", "scopes"})
        scopes = {InstitutionScope(**each.model_dump()) for each in self.scopes}
        order = sorted(scopes, key=lambda each: (each.cost_kind, each.scheme, each.first_day))
        return InstitutionEntry(
            code=code, types=frozenset(self.types), scopes=tuple(order), **given
        )


class StateChangeIn(BaseModel):
    """From when, and why 生效日期与原因."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"example": {"reason": "协议到期"}}
    )

    first_day: Day | None = Field(
        default=None,
        description="First day of the new state; today when left out 生效日，缺省为当日",
        examples=[None],
    )
    reason: Text = Field(description="Why 原因", examples=["协议到期"])


class ScopeView(BaseModel):
    """A service scope 服务范围."""

    cost_kind: CostKind = CostKindField
    scheme: Scheme = SchemeField
    first_day: date = FirstDay
    last_day: date | None = Field(
        description="Last day, included 截止日（含）", examples=["2026-12-31"]
    )

    @classmethod
    def of(cls, it: InstitutionScope) -> ScopeView:
        """Show a scope."""
        return cls(
            cost_kind=it.cost_kind, scheme=it.scheme, first_day=it.first_day, last_day=it.last_day
        )


class StandingView(BaseModel):
    """The state from a day on 状态变更."""

    first_day: date = FirstDay
    state: InstitutionState = StateField
    reason: str = Field(description="Why 原因", examples=["协议到期"])

    @classmethod
    def of(cls, it: Standing) -> StandingView:
        """Show a standing."""
        return cls(first_day=it.first_day, state=it.state, reason=it.reason)


class InstitutionView(BaseModel):
    """An agreement institution 协议机构."""

    code: str = Field(description="Code 机构编码", examples=["H37010000001"])
    name: str = Field(description="Name 机构名称", examples=["山东中医药大学第二附属医院"])
    aliases: list[str] = Field(description="Other names 曾用名、别名", examples=[[]])
    types: list[InstitutionType] = Field(description="Types 机构类别", examples=[["medical"]])
    grade: Grade | None = Field(description="Grade 医疗等级", examples=["三级甲等"])
    region: str = Field(description="Region 所在地区划代码", examples=["370100"])
    address: str = Field(description="Address 地址", examples=["山东省济南市市中区经八路1号"])
    address_aliases: list[str] = Field(
        description="Other spellings of the address 地址的其他写法", examples=[[]]
    )
    specialities: list[str] = Field(description="Specialities 专科特色", examples=[["骨科"]])
    uscc: str | None = Field(description="Unified social credit code 统一社会信用代码")
    scopes: list[ScopeView] = Field(description="Service scopes 服务范围")
    state: InstitutionState = StateField
    state_since: date = Field(
        description="The first day of the last declared state; it may lie ahead "
        "最近一次申报状态的生效日，可为将来日期",
        examples=["2024-04-01"],
    )
    standings: list[StandingView] = Field(description="All states by date 历次状态")
    source: str = Field(description="The document the entry rests on 登记依据")
    revision: int = Field(
        description="Grows with every change of the list; pass the largest seen as `since` "
        "修订号，增量查询时以已见最大值作为 since",
        examples=[24],
    )
    updated_at: datetime = Field(description="Last change 最近变更时间")

    @classmethod
    def of(cls, it: Institution) -> InstitutionView:
        """Show an institution."""
        return cls(
            code=it.code,
            name=it.name,
            aliases=list(it.aliases),
            types=sorted(it.types),
            grade=it.grade,
            region=it.region,
            address=it.address,
            address_aliases=list(it.address_aliases),
            specialities=list(it.specialities),
            uscc=it.uscc,
            scopes=[ScopeView.of(scope) for scope in it.scopes],
            state=it.state,
            state_since=it.state_since,
            standings=[StandingView.of(standing) for standing in it.standings],
            source=it.source,
            revision=it.revision,
            updated_at=it.updated_at,
        )


class AcceptedRowView(BaseModel):
    """A row that was taken in 已接受的行."""

    line: int = Field(description="Line of the sheet 行号", examples=[2])
    institution: str = Field(description="Code 机构编码", examples=["H37010000001"])
    change: str = Field(
        description="created, updated or unchanged 新增、更新或无变化", examples=["created"]
    )


class RefusedRowView(BaseModel):
    """A row that was refused, with everything wrong with it 被拒绝的行及其全部错误."""

    line: int = Field(description="Line of the sheet 行号", examples=[3])
    institution: str = Field(description="Code as sent 上传的机构编码", examples=["H37010000002"])
    errors: list[RowFaultView] = Field(description="All its errors 全部错误")


class TakenInView(BaseModel):
    """What became of a sheet: each row stands alone 导入结果（逐行独立）."""

    accepted: list[AcceptedRowView] = Field(description="Rows taken in 已接受的行")
    refused: list[RefusedRowView] = Field(description="Rows refused 被拒绝的行")

    @classmethod
    def of(cls, taken: TakenIn) -> TakenInView:
        """Show both lists."""
        return cls(
            accepted=[
                AcceptedRowView(line=row.line, institution=row.institution, change=row.change)
                for row in taken.accepted
            ],
            refused=[
                RefusedRowView(
                    line=row.line,
                    institution=row.institution,
                    errors=[RowFaultView.of(refusal) for refusal in row.refusals],
                )
                for row in taken.refused
            ],
        )


class ShareView(BaseModel):
    """How much of a kind is online across provinces 上线率."""

    online: int = Field(description="Online across provinces 已开通跨省直接结算数", examples=[1])
    total: int = Field(description="All agreement institutions 协议机构总数", examples=[3])
    percent: str | None = Field(
        description="Share, one decimal; null without institutions 上线率（%），无机构时为空",
        examples=["33.3"],
    )
    target: int | None = Field(
        description="Target that counts on the day, % 当期目标（%）", examples=[30]
    )
    reached: bool | None = Field(description="Whether it is reached 是否达标", examples=[True])

    @classmethod
    def of(cls, share: Share, target: int | None) -> ShareView:
        """Show a share beside its target."""
        whole = None if share.permille is None else divmod(share.permille, 10)
        return cls(
            online=share.online,
            total=share.total,
            percent=None if whole is None else f"{whole[0]}.{whole[1]}",
            target=target,
            reached=None if target is None else share.reaches(target),
        )


class TargetView(BaseModel):
    """What is to be online by a day, in percent 目标."""

    by: date = Field(description="By this day 截止日", examples=["2025-12-31"])
    grade3_medical: int = Field(description="Grade-3 hospitals 三级医院", examples=[30])
    rehabilitation: int = Field(description="Rehabilitation 康复机构", examples=[0])
    device: int = Field(description="Device institutions 辅助器具配置机构", examples=[0])

    @classmethod
    def of(cls, it: CoverageTarget) -> TargetView:
        """Show a target."""
        return cls(
            by=it.by,
            grade3_medical=it.tier3_medical,
            rehabilitation=it.rehabilitation,
            device=it.device,
        )


class CoverageView(BaseModel):
    """One province's coverage 省级上线情况."""

    province: str = Field(description="Province 省级区划代码", examples=["370000"])
    name: str = Field(description="Name 名称", examples=["山东省"])
    grade3_medical: ShareView = Field(description="Grade-3 hospitals 三级医院")
    rehabilitation: ShareView = Field(description="Rehabilitation 康复机构")
    device: ShareView = Field(description="Device institutions 辅助器具配置机构")
    targets: list[TargetView] = Field(description="All targets, soonest first 全部目标")

    @classmethod
    def of(cls, it: ProvinceCoverage) -> CoverageView:
        """Show a province."""
        counted, due = it.counted, it.due
        return cls(
            province=counted.province,
            name=counted.name,
            grade3_medical=ShareView.of(
                share_of(counted.grade3_medical_online, counted.grade3_medical),
                None if due is None else due.tier3_medical,
            ),
            rehabilitation=ShareView.of(
                share_of(counted.rehabilitation_online, counted.rehabilitation),
                None if due is None else due.rehabilitation,
            ),
            device=ShareView.of(
                share_of(counted.device_online, counted.device),
                None if due is None else due.device,
            ),
            targets=[TargetView.of(target) for target in it.targets],
        )


class CoverageListView(BaseModel):
    """Coverage of every province on a day 各省上线情况."""

    day: date = Field(description="The day asked for 统计日", examples=["2025-09-01"])
    items: list[CoverageView] = Field(description="Provinces by code 按区划代码排列")
