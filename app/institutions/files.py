"""The institutions' sheet: its columns, and the template a clerk starts from."""

from __future__ import annotations

from app.institutions.notice import COLUMNS as NOTICE_COLUMNS

COLUMNS: tuple[str, ...] = tuple(NOTICE_COLUMNS)
ROWS_MAX = 2_000
EXAMPLE: tuple[str, ...] = (
    "H37010000001",
    "山东中医药大学第二附属医院",
    "",
    "medical；rehabilitation",
    "三级甲等",
    "370100",
    "山东省济南市市中区经八路1号",
    "",
    "cross_province；in_province",
    "2024-04-01",
    "",
    "骨科",
    "山东省2024年异地就医直接结算通知 附件1、附件2",
)
EXAMPLE_CSV = f"{','.join(COLUMNS)}\n{','.join(EXAMPLE)}\n"
