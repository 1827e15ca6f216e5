"""Bar charts as SVG, by hand: a dozen bars need no library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABELS, FIGURES = 900, 380, 110
ROW, TOP = 26, 44


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, and between what its playings lay."""

    label: str
    value: float
    least: float
    most: float


def bars(title: str, drawn: Sequence[Bar]) -> str:
    """Draw bars under one another, each with its median and a whisker from least to most."""
    reach = max((each.most for each in drawn), default=0.0) or 1.0
    scale = (WIDTH - LABELS - FIGURES) / reach
    height = TOP + ROW * len(drawn) + 12
    rows = [_row(number, each, scale) for number, each in enumerate(drawn)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"',
            f'font-family="sans-serif" font-size="13" role="img" aria-label="{escape(title)}">',
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
            f'<text x="12" y="26" font-size="16" font-weight="bold">{escape(title)}</text>',
            *rows,
            "</svg>",
            "",
        ]
    )


def _row(number: int, bar: Bar, scale: float) -> str:
    top = TOP + ROW * number
    middle = top + ROW / 2
    end = LABELS + bar.most * scale
    return (
        f'<text x="{LABELS - 8}" y="{middle + 4:.0f}" text-anchor="end">{escape(bar.label)}</text>'
        f'<rect x="{LABELS}" y="{top + 4}" width="{bar.value * scale:.1f}" height="{ROW - 8}" '
        f'fill="#3b7dd8"/>'
        f'<path d="M{LABELS + bar.least * scale:.1f} {middle:.0f}H{end:.1f}" stroke="#222"/>'
        f'<text x="{end + 8:.1f}" y="{middle + 4:.0f}">{_figure(bar.value)}</text>'
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"  # noqa: PLR2004 -- three digits
