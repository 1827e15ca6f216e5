"""Every SQL statement about workers, determinations and losses of entitlement."""

from app.entitlement.store.documents import (
    add_determination,
    add_loss,
    determination_by_number,
    determination_page,
    determinations,
    determinations_in,
    loss_by_number,
    loss_of,
    same_document,
    withdraw,
)
from app.entitlement.store.rekeying import rekey
from app.entitlement.store.workers import (
    add,
    by_ids,
    holder,
    locked,
    registered,
    registered_of,
    renew,
    take_turn,
)

__all__ = [
    "add",
    "add_determination",
    "add_loss",
    "by_ids",
    "determination_by_number",
    "determination_page",
    "determinations",
    "determinations_in",
    "holder",
    "locked",
    "loss_by_number",
    "loss_of",
    "registered",
    "registered_of",
    "rekey",
    "renew",
    "same_document",
    "take_turn",
    "withdraw",
]
