"""Numbers that identify: checked, masked, made."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from app.kernel.identity import (
    INSTITUTION_CODE,
    PUBLIC_NUMBER,
    Fault,
    Sex,
    birth_date_of,
    citizen_number_fault,
    masked_name,
    masked_number,
    public_number,
    sex_of,
    uscc_fault,
    uuid7,
)


def checked(body: str) -> str:
    return body + ric.calc_check_digit(body + "0")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("11010519491231002X", None),  # the standard's own example
        (checked("83000019900101001"), None),  # a resident of Taiwan
        (checked("91112419900101001"), None),  # a foreign permanent resident
        ("11010519491231002x", Fault.FORMAT),
        ("110105194912310021", Fault.CHECK_DIGIT),
        (checked("11010519490230002"), Fault.BIRTH_DATE),
        (checked("11010518790101001"), Fault.BIRTH_DATE),
        (checked("01010519491231002"), Fault.FORMAT),
        ("110105491231002", Fault.FORMAT),  # the fifteen digits of before 1999
        ("1101051949123100２X", Fault.FORMAT),
        (" 11010519491231002X", Fault.FORMAT),
        ("11010519491231002X\n", Fault.FORMAT),
        ("", Fault.FORMAT),
    ],
)
def test_a_citizen_number_is_checked_by_form_date_and_check_digit(
    text: str, fault: str | None
) -> None:
    assert citizen_number_fault(text) == fault


@given(st.dates(date(1900, 1, 1), date(2030, 1, 1)), st.integers(0, 999), st.integers(0, 16))
def test_one_slipped_digit_never_passes(born: date, order: int, at: int) -> None:
    number = checked(f"370102{born:%Y%m%d}{order:03d}")
    assert citizen_number_fault(number) is None
    slipped = number[:at] + str((int(number[at]) + 1) % 10) + number[at + 1 :]
    assert citizen_number_fault(slipped) is not None


def test_birth_and_sex_are_read_from_the_number() -> None:
    assert birth_date_of("11010519491231002X") == date(1949, 12, 31)
    assert sex_of("11010519491231002X") is Sex.FEMALE
    assert sex_of(checked("11010519491231003")) is Sex.MALE


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("91110000600037341L", None),
        ("91110000600037341M", Fault.CHECK_DIGIT),
        ("A1110000600037341L", Fault.FORMAT),
        ("9111000060003734I1", Fault.FORMAT),  # no I among the letters of the code
        ("9111 0000 600037341L", Fault.FORMAT),
    ],
)
def test_a_credit_code_is_checked(text: str, fault: str | None) -> None:
    assert uscc_fault(text) == fault


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("110105194912310021", "1101**********0021"),
        ("A1B2C3D4E5F6", "A1B2****E5F6"),
        ("A1B2C3D4E5F", "***********"),
        ("", ""),
    ],
)
def test_a_number_shows_its_ends_only(number: str, shown: str) -> None:
    assert masked_number(number) == shown


@pytest.mark.parametrize(("name", "shown"), [("张三丰", "张**"), ("李四", "李*"), ("", "")])
def test_a_name_shows_its_first_character_only(name: str, shown: str) -> None:
    assert masked_name(name) == shown


def test_a_public_number_carries_letter_division_day_and_serial() -> None:
    number = public_number("A", "370000", date(2025, 7, 21), 42)
    assert number == "A3700002507210000042"
    assert PUBLIC_NUMBER.fullmatch(number)


@pytest.mark.parametrize(
    ("letter", "region", "serial"),
    [("AB", "370000", 1), ("a", "370000", 1), ("A", "37000", 1), ("A", "370000", 0),
     ("A", "370000", 10_000_000), ("A", "37000", 10_000_000)],
)  # fmt: skip
def test_what_makes_no_public_number_is_refused(letter: str, region: str, serial: int) -> None:
    with pytest.raises(ValueError, match="no public number"):
        public_number(letter, region, date(2025, 7, 21), serial)


@pytest.mark.parametrize("code", ["H37010000001", "A37010000002"])
def test_an_institution_code_is_a_letter_a_division_and_a_sequence(code: str) -> None:
    assert INSTITUTION_CODE.fullmatch(code)


@pytest.mark.parametrize("code", ["X37010000001", "H3701000001", "h37010000001", "H370100000010"])
def test_other_shapes_are_no_institution_codes(code: str) -> None:
    assert not INSTITUTION_CODE.fullmatch(code)


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 -- bounds, a zone follows
    st.binary(min_size=10, max_size=10),
)
def test_a_made_id_is_a_uuid7_of_its_moment(moment: datetime, entropy: bytes) -> None:
    made = uuid7(moment, entropy)
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert abs((made.int >> 80) - moment.timestamp() * 1000) <= 1


def test_an_id_takes_exactly_ten_random_bytes() -> None:
    with pytest.raises(ValueError, match="takes 10 random bytes"):
        uuid7(datetime(2025, 7, 21, tzinfo=UTC), b"123")
