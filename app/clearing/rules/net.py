"""Gross claims seen from each place, and the net that is shown beside them."""

from __future__ import annotations

from collections.abc import Sequence

from app.clearing.model import Claim, Net, Statement, Totals
from app.kernel.basis import basis


@basis("hub-default/gross")
def statement_of(place: str, claims: Sequence[Claim]) -> Statement:
    """A place pays every claim against it and receives every claim of its own, in full.

    Nothing is set off (全收全支); the multilateral net is told for information.
    """
    payable = tuple(claim for claim in claims if claim.insured_place == place)
    receivable = tuple(claim for claim in claims if claim.treatment_place == place)
    net = Net(
        place=place,
        payable=Totals.of(claim.totals for claim in payable),
        receivable=Totals.of(claim.totals for claim in receivable),
    )
    return Statement(net=net, payable=payable, receivable=receivable)


@basis("hub-default/gross")
def nets_of(claims: Sequence[Claim]) -> tuple[Net, ...]:
    """Every place that takes part, in the order of codes; the nets sum to zero (多边净额)."""
    paying: dict[str, list[Totals]] = {}
    receiving: dict[str, list[Totals]] = {}
    for claim in claims:
        paying.setdefault(claim.insured_place, []).append(claim.totals)
        receiving.setdefault(claim.treatment_place, []).append(claim.totals)
    return tuple(
        Net(
            place=place,
            payable=Totals.of(paying.get(place, ())),
            receivable=Totals.of(receiving.get(place, ())),
        )
        for place in sorted(paying.keys() | receiving.keys())
    )
