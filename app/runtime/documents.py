"""What printed documents have alike: their style, and how amounts and days are written there."""

from __future__ import annotations

from datetime import date

from app.kernel.money import Money

_NUMERALS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万")
_HUNDRED_MILLIONS = 2
STYLE = """
@page { size: A4; margin: 25mm 22mm; }
body { font-family: "FangSong", "STFangsong", "Noto Serif CJK SC", serif; color: #000;
  max-width: 166mm; margin: 12mm auto; line-height: 1.7; }
h1 { font-family: "SimSun", "Noto Serif CJK SC", serif; text-align: center; font-size: 20pt;
  margin: 0; letter-spacing: .08em; }
.en { text-align: center; font-size: 10.5pt; margin: 0 0 6mm; }
.number { text-align: right; font-size: 10.5pt; border-bottom: 1.5pt solid #b00; padding: 0 0 2mm; }
table { width: 100%; border-collapse: collapse; margin: 5mm 0; font-size: 11pt; }
th, td { border: .75pt solid #000; padding: 2mm 3mm; text-align: left; font-weight: normal; }
td.amount { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.sum td, tr.sum th { font-weight: bold; }
.root { font-family: monospace; font-size: 8pt; word-break: break-all; }
.issuer { text-align: right; margin-top: 14mm; }
.note { font-size: 9pt; }
@media print { body { margin: 0; } }
"""


def capitals(amount: Money) -> str:
    """Write an amount in the numerals of financial documents (金额大写), hard to alter."""
    yuan, rest = divmod(abs(amount.fen), 100)
    jiao, fen = divmod(rest, 10)
    text = "负" if amount.is_negative else ""
    text += f"{_whole(yuan)}元" if yuan or not rest else ""
    if not rest:
        return f"{text}整"
    if jiao:
        text += f"{_NUMERALS[jiao]}角"
    elif yuan:
        text += "零"
    return f"{text}{_NUMERALS[fen]}分" if fen else f"{text}整"


def _whole(number: int) -> str:
    """Write a whole number: 拾, 佰 and 仟 within each four digits, 万 and 亿 between them."""
    digits = str(number)
    text, pending, in_group = "", False, False
    for index, digit in enumerate(digits):
        group, place = divmod(len(digits) - 1 - index, 4)
        if digit == "0":
            pending = True
        else:
            text += ("零" if pending and text else "") + _NUMERALS[int(digit)] + _PLACES[place]
            pending, in_group = False, True
        if place == 0:
            spans = group == _HUNDRED_MILLIONS and len(digits) > 4 * (group + 1)
            text += _GROUPS[group] if in_group or spans else ""
            in_group = False
    return text or "零"


def grouped(amount: Money) -> str:
    """Write an amount with its thousands parted, as on paper."""
    sign = "-" if amount.is_negative else ""
    yuan, fen = divmod(abs(amount.fen), 100)
    return f"{sign}{yuan:,}.{fen:02d}"


def written_day(day: date) -> str:
    """Write a day as documents do."""
    return f"{day.year}年{day.month}月{day.day}日"
