"""How catalogues are refused, in order of precedence."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class CatalogueUnknown(Refusal):
    """No version has this number, or none of the place is in force on the day."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "catalogue-unknown"
    title: ClassVar = "No such catalogue version"
    title_zh: ClassVar = "目录版本不存在"
    remedy: ClassVar = "See GET /v1/catalogues for the versions of a place."
    remedy_zh: ClassVar = "请通过 GET /v1/catalogues 查询该地区的目录版本。"


class CatalogueItemsRefused(Refusal):
    """Some items cannot be taken; a version is imported whole or not at all."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "catalogue-items-refused"
    title: ClassVar = "Some items cannot be taken; nothing was imported"
    title_zh: ClassVar = "部分目录项目有误，未导入任何内容"
    remedy: ClassVar = "Mend every line listed in `errors` and send the whole version again."
    remedy_zh: ClassVar = "请按 errors 逐行修正后重新上传整个版本。"


class CatalogueInForce(Refusal):
    """A version is never altered once its first day has come (已生效版本不得修改)."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "catalogue-in-force"
    title: ClassVar = "A version in force is never altered"
    title_zh: ClassVar = "已生效的目录版本不得修改"
    says: ClassVar = "{label} of {place} has been in force since {first_day}."
    says_zh: ClassVar = "{place} 的 {label} 已自 {first_day} 起生效。"
    remedy: ClassVar = "Import the change as a new version with a later first day."
    remedy_zh: ClassVar = "请以新的版本和更晚的生效日导入变更内容。"


class CatalogueDayPast(Refusal):
    """A new version begins today or later: yesterday's answers stay as they were."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "catalogue-day-past"
    title: ClassVar = "A version cannot begin in the past"
    title_zh: ClassVar = "目录生效日不得早于当日"
    says: ClassVar = "It may begin on {earliest} or later."
    says_zh: ClassVar = "最早可自 {earliest} 起生效。"


class CatalogueDayTaken(Refusal):
    """Two versions of one place and kind neither share a label nor a first day."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "catalogue-day-taken"
    title: ClassVar = "Another version has this label or this first day"
    title_zh: ClassVar = "版本名称或生效日已被另一版本使用"
    says: ClassVar = "{label} begins on {first_day}."
    says_zh: ClassVar = "版本 {label} 自 {first_day} 起生效。"
