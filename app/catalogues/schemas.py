"""Catalogues as they look on the wire."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from app.catalogues.model import CatalogueItem, CatalogueKind, CatalogueVersion, Imported
from app.runtime.paging import Page, PageView
from app.runtime.wire import Flag

CodeField = Field(description="Code in this catalogue 目录编码", examples=["A010001"])
NameField = Field(description="Name 名称", examples=["小腿假肢（示例）"])
UnitField = Field(description="Unit the price is of 计价单位", examples=["具"])


class ItemIn(BaseModel):
    """One item 目录项目."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = CodeField
    name: str = NameField
    unit: str = UnitField
    specification: str = Field(default="", description="Specification 规格")
    cap: str | None = Field(
        default=None,
        description="Most the fund pays for one unit, yuan; null: no cap "
        "最高支付限额（元），空为不限",
        examples=["12000.00"],
    )
    restricted: Flag = Field(
        default=False, description="Paid with an approval only 是否限定支付", examples=[False]
    )
    minimum_life_months: int | None = Field(
        default=None,
        ge=1,
        le=1200,
        description="Minimum life, devices only 最低使用年限（月），仅辅助器具",
        examples=[36],
    )


class ItemsIn(BaseModel):
    """All items of a version 一个版本的全部项目."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: list[ItemIn] = Field(max_length=20_000, description="All its items 全部项目")


class VersionView(BaseModel):
    """A version of one place's catalogue of one kind 目录版本."""

    version: int = Field(description="Number of the version 版本号", examples=[1])
    place: str = Field(description="Place 地区区划代码", examples=["110000"])
    kind: CatalogueKind = Field(description="Kind 目录类别", examples=["device"])
    label: str = Field(description="Label 版本名称", examples=["2024版"])
    first_day: date = Field(
        description="In force from this day until a newer one begins 生效日，至更新版本生效为止",
        examples=["2024-04-01"],
    )
    item_count: int = Field(description="How many items 项目数", examples=[88])
    digest: str = Field(description="SHA-256 of the items 项目摘要（SHA-256）")
    source: str = Field(description="The document it rests on 依据", examples=["synthetic"])
    imported_at: datetime = Field(description="When it was imported 导入时间")
    imported_by: str = Field(description="Which party imported it 导入方", examples=["110000"])

    @classmethod
    def of(cls, it: CatalogueVersion) -> VersionView:
        """Show a version."""
        return cls(
            version=it.id,
            place=it.place,
            kind=it.kind,
            label=it.label,
            first_day=it.first_day,
            item_count=it.item_count,
            digest=it.digest.hex(),
            source=it.source,
            imported_at=it.imported_at,
            imported_by=it.imported_by,
        )


class ImportedView(BaseModel):
    """A version after its import 导入结果."""

    version: VersionView = Field(description="The version 版本")
    change: str = Field(
        description="created, replaced (not yet in force) or unchanged "
        "新增、替换（尚未生效）或无变化",
        examples=["created"],
    )

    @classmethod
    def of(cls, it: Imported) -> ImportedView:
        """Show what the import did."""
        return cls(version=VersionView.of(it.version), change=it.change)


class ItemView(BaseModel):
    """One item 目录项目."""

    code: str = CodeField
    name: str = NameField
    unit: str = UnitField
    specification: str = Field(description="Specification 规格", examples=[""])
    cap: str | None = Field(
        description="Most the fund pays for one unit, yuan; null: no cap "
        "最高支付限额（元），空为不限",
        examples=["12000.00"],
    )
    restricted: bool = Field(
        description="Paid with an approval only 是否限定支付", examples=[False]
    )
    minimum_life_months: int | None = Field(
        description="Minimum life, devices only 最低使用年限（月），仅辅助器具", examples=[36]
    )

    @classmethod
    def of(cls, it: CatalogueItem) -> ItemView:
        """Show an item."""
        return cls(
            code=it.code,
            name=it.name,
            unit=it.unit,
            specification=it.specification,
            cap=None if it.cap is None else str(it.cap),
            restricted=it.restricted,
            minimum_life_months=it.minimum_life_months,
        )


class VersionItemsView(PageView[ItemView]):
    """A version and a page of its items 目录版本与项目."""

    version: VersionView = Field(description="The version 版本")

    @classmethod
    def both(cls, it: CatalogueVersion, page: Page[CatalogueItem]) -> VersionItemsView:
        """Show a page of a version."""
        shown = PageView.of(page, ItemView.of)
        return cls(version=VersionView.of(it), items=shown.items, next=shown.next)
