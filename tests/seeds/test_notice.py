"""A published annex is read whole, or every place that cannot be read is named."""

from __future__ import annotations

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.institutions.notice import (
    COLUMNS,
    Fault,
    NoticeRow,
    UnreadableNoticeError,
    first_day_of,
    issuers_of,
    merge_rows,
    names_of,
    read_notice,
    to_csv,
)
from app.kernel.regions import Scheme
from tests.seeds import short_notice as short

CITIES = {"杭州市": "330100", "宁波市": "330200"}


def _faults(text: str) -> list[str]:
    with pytest.raises(UnreadableNoticeError) as refused:
        merge_rows(read_notice(text), CITIES, {})
    return [fault.why for fault in refused.value.faults]


def _line_of(text: str, needle: str) -> int:
    return next(n for n, line in enumerate(text.split("\n"), 1) if needle in line)


def test_every_row_is_read_with_its_annex_and_line() -> None:
    rows = read_notice(short.NOTICE)
    assert [(row.annex, row.city) for row in rows] == [
        (1, "杭州市"),
        (1, "杭州市"),
        (1, "宁波市"),
        (1, "宁波市"),
        (1, "宁波市"),
        (2, "杭州市"),
        (2, "宁波市"),
    ]
    assert rows[0] == NoticeRow(
        line=_line_of(short.NOTICE, "例甲骨科医院") - 1,
        annex=1,
        scheme=Scheme.IN_PROVINCE,
        city="杭州市",
        name="例甲骨科医院",
        types=("medical", "rehabilitation"),
        grade="三级甲等",
        address="杭州市例区例路1号",
    )
    assert {row.scheme for row in rows if row.annex == 2} == {Scheme.CROSS_PROVINCE}


def test_line_endings_of_another_system_change_nothing() -> None:
    assert read_notice(short.NOTICE.replace("\n", "\r\n")) == read_notice(short.NOTICE)


def test_a_wrapped_cell_is_one_cell() -> None:
    wrapped = short.NOTICE.replace("例乙大学附属医院/杭州", "例乙大学附属\n医院/杭州")
    assert [row.name for row in read_notice(wrapped)] == [
        row.name for row in read_notice(short.NOTICE)
    ]


def test_a_device_institution_has_no_grade() -> None:
    company = read_notice(short.NOTICE)[3]
    assert (company.types, company.grade) == (("device",), None)


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("例甲医院", ("例甲医院",)),
        ("例乙大学附属医院/杭州例乙医院", ("例乙大学附属医院", "杭州例乙医院")),
        ("例丙防治院（宁波例丙医院）", ("例丙防治院", "宁波例丙医院")),
        ("例丁器具（北京）有限公司宁波分公司", ("例丁器具（北京）有限公司宁波分公司",)),
        ("例丁器具有限公司（宁波例丁医院）", ("例丁器具有限公司（宁波例丁医院）",)),
        ("例戊大学附属医院（青岛）", ("例戊大学附属医院（青岛）",)),
        ("例己医院（东院区）", ("例己医院（东院区）",)),
        ("例庚医院（总医院）", ("例庚医院（总医院）",)),
        ("例辛医院A/B座", ("例辛医院A/B座",)),
    ],
)
def test_a_cell_gives_two_names_only_where_both_are_names(
    cell: str, names: tuple[str, ...]
) -> None:
    assert names_of(cell) == names


def test_one_institution_in_both_annexes_has_two_schemes_and_both_addresses() -> None:
    bones = merge_rows(read_notice(short.NOTICE), CITIES, {})[0]
    assert bones.schemes == (Scheme.CROSS_PROVINCE, Scheme.IN_PROVINCE)
    assert bones.address == "杭州市例区例路1号"
    assert bones.address_aliases == ("杭州市例路1号",)


def test_the_fuller_address_is_current_whichever_comes_first() -> None:
    turned = short.NOTICE.replace("例区例路1号", "例路1号", 1)
    turned = turned[::-1].replace("杭州市例路1号"[::-1], "杭州市例区例路1号"[::-1], 1)[::-1]
    bones = merge_rows(read_notice(turned), CITIES, {})[0]
    assert bones.rows[0].address == "杭州市例路1号"
    assert (bones.address, bones.address_aliases) == ("杭州市例区例路1号", ("杭州市例路1号",))


def test_two_different_addresses_are_kept_in_the_order_published() -> None:
    moved = short.NOTICE.replace("\t杭州市例路1号", "\t杭州市新区很远的另一条路99号")
    bones = merge_rows(read_notice(moved), CITIES, {})[0]
    assert bones.address == "杭州市例区例路1号"
    assert bones.address_aliases == ("杭州市新区很远的另一条路99号",)


def test_several_campuses_stay_in_one_address() -> None:
    assert merge_rows(read_notice(short.NOTICE), CITIES, {})[-1].address == (
        "戊路5号（院本部）/己路6号（东院区）"
    )


def test_codes_follow_the_order_in_the_city() -> None:
    found = merge_rows(read_notice(short.NOTICE), CITIES, {})
    assert [institution.code for institution in found] == [
        "H33010000001",
        "H33010000002",
        "H33020000001",
        "A33020000001",
        "H33020000002",
    ]


def test_a_known_institution_keeps_its_code_and_new_ones_come_after() -> None:
    known = {("330100", "杭州例乙医院"): "H33010000004", ("330100", "别处"): "H33010000007"}
    found = merge_rows(read_notice(short.NOTICE), CITIES, known)
    assert [institution.code for institution in found] == [
        "H33010000008",
        "H33010000004",
        "H33020000001",
        "A33020000001",
        "H33020000002",
    ]


def test_a_later_notice_of_a_seeded_city_takes_no_code_that_is_taken() -> None:
    later = short.NOTICE.replace("杭州市\n", "济南市\n").replace(
        "例甲骨科医院", "山东中医药大学第二附属医院"
    )
    found = list(csv.DictReader(io.StringIO(to_csv(later))))
    assert [row["code"] for row in found[:2]] == ["H37010000001", "H37010000002"]


def test_one_name_in_two_cities_is_two_institutions() -> None:
    elsewhere = short.ACROSS.replace("杭州市\n", "宁波市\n")
    assert len(merge_rows(read_notice(short.IN_PROVINCE + elsewhere), CITIES, {})) == 6


@pytest.mark.parametrize(
    ("good", "bad", "why"),
    [
        ("\t三级未定等\n", "", "a row has 5 fields, this one 4"),
        ("\n\f\n\t地市", "\n\t多出\n\f\n\t地市", "a row has 5 fields, this one 1"),
        ("\t二级\n", "\t二级优等\n", "'二级优等' is not a grade"),
        ("\t二级\n", "\t二\t级\n", "a field holds a tab"),
        ("\t二级\n", "\t\n", "only a device institution has no grade"),
        ("\t康复机构\n", "\t体检机构\n", "'体检机构' is not a type"),
        ("\t宁波市丙路3号\n", "\t\n", "协议机构地址 is empty"),
        ("\n\f附件2\n\n示例跨省异地", "\n\f附件2\n\n示例异地", "the annex's title names neither"),
        ("\f\n\t地市", "\f\n说明\n\n\t地市", "text between the rows of an annex"),
        (
            "附件2\n\n示例跨省异地就医直接结算协议机构\n\n\t地市",
            "附件2\n\n跨省异地\n\n\t市",
            "columns",
        ),
    ],
)
def test_what_cannot_be_read_is_named(good: str, bad: str, why: str) -> None:
    assert short.NOTICE.count(good) >= 1
    assert any(why in found for found in _faults(short.NOTICE.replace(good, bad, 1)))


def test_all_faults_are_reported_at_once_in_the_order_of_lines() -> None:
    bad = short.NOTICE.replace("\t二级\n", "\t九级\n").replace("\t康复机构\n", "\t无\n")
    with pytest.raises(UnreadableNoticeError) as refused:
        read_notice(bad)
    assert refused.value.faults == (
        Fault(_line_of(bad, "例丙防治院") - 1, "'九级' is not a grade"),
        Fault(_line_of(bad, "例戊医学院") - 1, "'无' is not a type"),
    )
    assert str(refused.value).startswith(f"line {refused.value.faults[0].line}: '九级'")


def test_an_unknown_city_is_named() -> None:
    assert _faults(short.NOTICE.replace("\t宁波市\n", "\t宁海\n", 1)) == [
        "'宁海' is not a city of GB/T 2260"
    ]


@pytest.mark.parametrize(
    ("good", "bad", "why"),
    [
        ("三级甲等", "三级乙等", "another grade than on line"),
        ("医疗机构、康复机构", "医疗机构", "other types than on line"),
    ],
)
def test_annexes_that_contradict_each_other_are_refused(good: str, bad: str, why: str) -> None:
    (found,) = _faults(short.IN_PROVINCE + short.ACROSS.replace(good, bad))
    assert why in found


def test_an_institution_twice_in_one_annex_is_refused() -> None:
    (found,) = _faults(short.NOTICE + "\n" + short.BONES)
    assert "stands twice in one scheme" in found


def test_a_text_without_annexes_is_refused() -> None:
    assert _faults("关于示例") == ["no annex: a line such as 附件1 begins one"]


def test_the_heading_gives_the_issuers() -> None:
    assert issuers_of(short.NOTICE) == (
        "示例省人力资源和社会保障厅、示例省财政厅、示例省卫生健康委员会"
    )


@pytest.mark.parametrize("text", ["", "示例厅的通知", "关于示例", "字" * 201 + "关于"])
def test_a_text_without_a_heading_is_refused(text: str) -> None:
    with pytest.raises(UnreadableNoticeError, match="no heading"):
        issuers_of(text)


def test_days_that_disagree_are_refused() -> None:
    assert first_day_of(short.NOTICE).isoformat() == "2024-04-01"
    with pytest.raises(UnreadableNoticeError, match="2024-04-01、2024-05-01"):
        first_day_of(short.NOTICE.replace("2024年4月1日", "2024年5月1日", 1))
    with pytest.raises(UnreadableNoticeError, match="found: none"):
        first_day_of("")
    with pytest.raises(UnreadableNoticeError, match="found: 2024-13-40"):
        first_day_of("自2024年13月40日起")


def test_the_csv_is_what_the_import_takes() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(short.NOTICE))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 5
    assert rows[0] == {
        "code": "H33010000001",
        "name": "例甲骨科医院",
        "aliases": "",
        "types": "medical；rehabilitation",
        "grade": "三级甲等",
        "region": "330100",
        "address": "杭州市例区例路1号",
        "address_aliases": "杭州市例路1号",
        "schemes": "cross_province；in_province",
        "first_day": "2024-04-01",
        "last_day": "",
        "specialities": "",
        "source": "示例省人力资源和社会保障厅、示例省财政厅、示例省卫生健康委员会"
        " 2024年异地就医直接结算通知 附件1、附件2",
    }
    assert rows[1]["aliases"] == "杭州例乙医院"
    assert rows[1]["source"].endswith("通知 附件1")


@given(st.text(alphabet="附件1\t\n\f 省内异地跨市医机构、三级甲等（）/", max_size=200))
def test_no_text_is_read_by_guessing_or_brings_the_reader_down(text: str) -> None:
    rows: list[NoticeRow] = []
    with suppress(UnreadableNoticeError):
        rows = read_notice(text)
    assert all(row.name and row.address and row.types and "\t" not in row.name for row in rows)
