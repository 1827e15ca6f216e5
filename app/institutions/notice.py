"""Read the annexes of a published notice: which institutions settle directly, under which scheme.

Text as extracted from the official document goes in, rows and then institutions come out. What
cannot be read is reported with its line number; nothing is guessed.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

from app.kernel.regions import Scheme
from app.runtime.seeds import seed_rows

COLUMNS = (
    "code",
    "name",
    "aliases",
    "types",
    "grade",
    "region",
    "address",
    "address_aliases",
    "schemes",
    "first_day",
    "last_day",
    "specialities",
    "source",
)
SEPARATOR = "；"
TYPES = {
    "医疗机构": "medical",
    "康复机构": "rehabilitation",
    "辅助器具机构": "device",
    "辅助器具配置机构": "device",
}
GRADE = re.compile(r"[一二三]级((特|甲|乙|丙|未定)等)?")

_HEADING = re.compile(r"附件\s*([1-9][0-9]?)")
_COLUMN_TITLES = ("地市", "协议机构名称", "协议机构类型", "医疗等级", "协议机构地址")
_SCHEMES = {"省内异地": Scheme.IN_PROVINCE, "跨省异地": Scheme.CROSS_PROVINCE}
_START = re.compile(r"自([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日起")
# A bracket at the end holds a second name only when what stands in it is one by itself: the
# branch or the city in a company's name, or a campus of a hospital, is not.
_BRACKETED = re.compile(r"([^（）]+)（([^（）]{4,}(?:医院|防治院|疗养院|保健院|研究院|卫生院))）")
_NAME_LENGTH_MIN = 4


@dataclass(frozen=True, slots=True)
class Fault:
    """A place in the notice that could not be read, and why."""

    line: int
    why: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}"


class UnreadableNoticeError(ValueError):
    """The notice has places that cannot be read; all of them are listed."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """One row of an annex, as published."""

    line: int
    annex: int
    scheme: Scheme
    city: str
    name: str
    types: tuple[str, ...]
    grade: str | None
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeInstitution:
    """One institution (协议机构) as all annexes together describe it; `rows` are its sources."""

    code: str
    name: str
    aliases: tuple[str, ...]
    types: tuple[str, ...]
    grade: str | None
    region: str
    address: str
    address_aliases: tuple[str, ...]
    schemes: tuple[Scheme, ...]
    rows: tuple[NoticeRow, ...]


@dataclass(slots=True)
class _Block:
    """The fields between two blank lines; a line without a tab continues the field before it."""

    line: int
    fields: list[str] = field(default_factory=list)

    @property
    def is_header(self) -> bool:
        return tuple(self.fields) == _COLUMN_TITLES


@dataclass(slots=True)
class _Annex:
    """One annex: its number, the lines of its title, and its blocks."""

    line: int
    number: int
    title: str = ""
    blocks: list[_Block] = field(default_factory=list)
    is_in_block: bool = False

    def takes(self, number: int, line: str) -> bool:
        """Put a line where it belongs; False when it belongs nowhere."""
        if line.startswith("\t"):
            if not self.is_in_block:
                self.blocks.append(_Block(number))
            self.is_in_block = True
            self.blocks[-1].fields.append(line.strip())
        elif not line.strip():
            self.is_in_block = False
        elif self.is_in_block:
            self.blocks[-1].fields[-1] += line.strip()
        elif not self.blocks:
            self.title += line.strip()
        else:
            return False
        return True

    @property
    def scheme(self) -> Scheme | None:
        found = [scheme for words, scheme in _SCHEMES.items() if words in self.title]
        return found[0] if len(found) == 1 else None


def read_notice(text: str) -> list[NoticeRow]:
    """Read every row of every annex; raise `UnreadableNoticeError` with all faults otherwise."""
    faults: list[Fault] = []
    rows: list[NoticeRow] = []
    annexes = list(_annexes(text, faults))
    if not annexes:
        faults.append(Fault(1, "no annex: a line such as 附件1 begins one"))
    for annex in annexes:
        rows.extend(_rows_of(annex, faults))
    if faults:
        raise UnreadableNoticeError(sorted(faults, key=lambda fault: fault.line))
    return rows


def _annexes(text: str, faults: list[Fault]) -> Iterator[_Annex]:
    """Split the text into annexes; what stands before the first is the notice itself."""
    annex: _Annex | None = None
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.replace("\f", "").rstrip("\r")
        heading = _HEADING.fullmatch(line.strip())
        if heading:
            if annex is not None:
                yield annex
            annex = _Annex(number, int(heading[1]))
        elif annex is not None and not annex.takes(number, line):
            faults.append(Fault(number, "text between the rows of an annex"))
    if annex is not None:
        yield annex


def _rows_of(annex: _Annex, faults: list[Fault]) -> Iterator[NoticeRow]:
    """Turn the blocks of one annex into rows, or say why not."""
    scheme = annex.scheme
    if scheme is None:
        faults.append(Fault(annex.line, "the annex's title names neither 省内异地 nor 跨省异地"))
        return
    if not annex.blocks or not annex.blocks[0].is_header:
        expected = "、".join(_COLUMN_TITLES)
        faults.append(Fault(annex.line, f"the annex does not begin with the columns {expected}"))
        return
    for block in annex.blocks:
        if block.is_header:  # repeated on every page
            continue
        found = _faults_of(block)
        faults.extend(found)
        if not found:
            city, name, types, grade, address = block.fields
            yield NoticeRow(
                line=block.line,
                annex=annex.number,
                scheme=scheme,
                city=city,
                name=name,
                types=_types_of(types),
                grade=grade or None,
                address=address,
            )


def _faults_of(block: _Block) -> list[Fault]:
    if len(block.fields) != len(_COLUMN_TITLES):
        why = f"a row has {len(_COLUMN_TITLES)} fields, this one {len(block.fields)}"
        return [Fault(block.line, why)]
    city, name, types, grade, address = block.fields
    whys = [
        f"{title} is empty"
        for title, value in (("地市", city), ("协议机构名称", name), ("协议机构地址", address))
        if not value
    ]
    whys += ["a field holds a tab" for value in block.fields if "\t" in value]
    whys += [f"{word!r} is not a type" for word in types.split("、") if word not in TYPES]
    if grade and not GRADE.fullmatch(grade):
        whys.append(f"{grade!r} is not a grade")
    if not whys and not grade and _types_of(types) != ("device",):
        whys.append("only a device institution has no grade")
    return [Fault(block.line, why) for why in whys]


def _types_of(cell: str) -> tuple[str, ...]:
    """Return the types of a cell, each once, in the order of `TYPES`."""
    named = {TYPES[word] for word in cell.split("、")}
    return tuple(kind for kind in dict.fromkeys(TYPES.values()) if kind in named)


def names_of(cell: str) -> tuple[str, ...]:
    """Return the names a cell gives, the first being the one in use.

    `A/B` and `A（B）` are two names of one institution; a bracket inside a company's name, or one
    that holds a branch, a city or a campus, belongs to the name.
    """
    parts = [part.strip() for part in re.split("[/／]", cell)]
    if len(parts) > 1 and all(len(part) >= _NAME_LENGTH_MIN for part in parts):
        return tuple(dict.fromkeys(parts))
    bracketed = _BRACKETED.fullmatch(cell)
    if bracketed and "公司" not in cell:
        return bracketed[1], bracketed[2]
    return (cell,)


def merge_rows(
    rows: Sequence[NoticeRow], regions: Mapping[str, str], known: Mapping[tuple[str, str], str]
) -> list[NoticeInstitution]:
    """Make institutions of rows: the same names in the same city are one institution.

    `regions` maps a city's name to its code, `known` a city's code and an institution's name to
    the code it has already. New codes are proposed in the order of appearance in the city.
    """
    faults = [
        Fault(row.line, f"{row.city!r} is not a city of GB/T 2260")
        for row in rows
        if row.city not in regions
    ]
    if faults:
        raise UnreadableNoticeError(faults)
    groups: list[list[NoticeRow]] = []
    for row in rows:
        group = next((group for group in groups if _is_same(group[0], row)), None)
        if group is None:
            groups.append([row])
        else:
            faults.extend(_contradictions(group, row))
            group.append(row)
    if faults:
        raise UnreadableNoticeError(faults)
    return list(_coded(groups, regions, known))


def _is_same(one: NoticeRow, other: NoticeRow) -> bool:
    shared = set(names_of(one.name)) & set(names_of(other.name))
    return one.city == other.city and bool(shared)


def _contradictions(group: Sequence[NoticeRow], row: NoticeRow) -> Iterator[Fault]:
    """Two annexes may spell an address differently; they must agree on everything else."""
    first = group[0]
    if any(known.scheme == row.scheme for known in group):
        yield Fault(row.line, f"{row.name!r} stands twice in one scheme")
    if row.types != first.types:
        yield Fault(row.line, f"{row.name!r} has other types than on line {first.line}")
    if row.grade != first.grade:
        yield Fault(row.line, f"{row.name!r} has another grade than on line {first.line}")


def _coded(
    groups: Sequence[Sequence[NoticeRow]],
    regions: Mapping[str, str],
    known: Mapping[tuple[str, str], str],
) -> Iterator[NoticeInstitution]:
    """Number the institutions of each city: letter, six-digit city code, five-digit sequence."""
    last: dict[str, int] = {}
    for code in known.values():
        last[code[:7]] = max(last.get(code[:7], 0), int(code[7:]))
    for group in groups:
        first = group[0]
        region = regions[first.city]
        names = tuple(dict.fromkeys(name for row in group for name in names_of(row.name)))
        addresses = _addresses([row.address for row in group])
        code = next((known[region, name] for name in names if (region, name) in known), "")
        if not code:
            prefix = ("A" if first.types == ("device",) else "H") + region
            last[prefix] = last.get(prefix, 0) + 1
            code = f"{prefix}{last[prefix]:05d}"
        yield NoticeInstitution(
            code=code,
            name=names[0],
            aliases=names[1:],
            types=first.types,
            grade=first.grade,
            region=region,
            address=addresses[0],
            address_aliases=addresses[1:],
            schemes=tuple(sorted({row.scheme for row in group})),
            rows=tuple(group),
        )


def _addresses(spellings: Sequence[str]) -> tuple[str, ...]:
    """Keep every spelling, the fullest first where it contains the characters of the others."""
    distinct = tuple(dict.fromkeys(spellings))
    fullest = max(distinct, key=len)
    if not all(_is_shorter_form(spelling, fullest) for spelling in distinct):
        return distinct
    return fullest, *(spelling for spelling in distinct if spelling != fullest)


def _is_shorter_form(short: str, full: str) -> bool:
    """Say whether `short` is `full` with characters left out (a district, a street)."""
    rest = iter(full)
    return all(character in rest for character in short)


def issuers_of(text: str) -> str:
    """Return who issued the notice: what its heading says before 关于."""
    before, about, _ = text.partition("关于")
    issuers = before.split()
    if not about or not issuers or len(before) > 200:  # noqa: PLR2004 -- a heading, not a body
        raise UnreadableNoticeError([Fault(1, "no heading of the form 〈issuers〉关于〈subject〉")])
    return "、".join(issuers)


def first_day_of(text: str) -> date:
    """Return the day from which direct settlement runs; all days the notice gives must agree."""
    days = sorted({f"{y}-{m:0>2}-{d:0>2}" for y, m, d in _START.findall(text)})
    if len(days) == 1:
        with suppress(ValueError):
            return date.fromisoformat(days[0])
    named = "、".join(days) or "none"
    why = f"one day of the form 自〈年月日〉起 was expected, found: {named}"
    raise UnreadableNoticeError([Fault(1, why)])


def to_csv(text: str) -> str:
    """Read a notice and write its institutions in the columns the institutions import takes.

    An institution of the seed table keeps its code, whatever else a later notice says of it.
    """
    issuers, first_day = issuers_of(text), first_day_of(text)
    regions = {row["name"]: row["code"] for row in seed_rows("regions.csv")}
    known = {
        (row["region"], name): row["code"]
        for row in seed_rows("institutions.csv")
        for name in (row["name"], *row["aliases"].split(SEPARATOR))
        if name
    }
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for institution in merge_rows(read_notice(text), regions, known):
        annexes = sorted({row.annex for row in institution.rows})
        named = "、".join(f"附件{annex}" for annex in annexes)
        source = f"{issuers} {first_day.year}年异地就医直接结算通知 {named}"
        writer.writerow(_csv_row(institution, first_day, source))
    return out.getvalue()


def _csv_row(institution: NoticeInstitution, first_day: date, source: str) -> tuple[str, ...]:
    return (
        institution.code,
        institution.name,
        SEPARATOR.join(institution.aliases),
        SEPARATOR.join(institution.types),
        institution.grade or "",
        institution.region,
        institution.address,
        SEPARATOR.join(institution.address_aliases),
        SEPARATOR.join(institution.schemes),
        first_day.isoformat(),
        "",
        "",
        source,
    )
