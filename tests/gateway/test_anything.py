"""Whatever is sent is answered: no input of any transaction is a bug of the hub."""

from __future__ import annotations

import random
from typing import Any

import pytest
import pytest_asyncio

from app.gateway.mapping import FieldType, InputField, InputNode, transactions
from app.kernel.parties import PartyKind
from app.reference.value_sets import value_sets
from tests.support.entitlement import KnownWorker
from tests.support.gateway import Gateway, admitted, bureau, hospital
from tests.support.visit import ready_worker, road
from tests.support.world import World

ROUNDS = 25
ODD: list[Any] = [
    "",
    None,
    "0",
    "null",
    "职工",
    "x" * 600,
    "'; --",
    "%_\\",
    "-1",
    0,
    1e3,
    "2025-09-01",
    [],
    {},
]
USUAL: dict[FieldType, list[Any]] = {
    FieldType.DAY: ["2025-09-01", "1900-01-01", "2999-12-31"],
    FieldType.INSTANT: ["2025-09-01 08:30:00", "1900-01-01 00:00:00", "2999-12-31 23:59:59"],
    FieldType.AMOUNT: ["10.00", "-10.00", "9999999999.99", "0"],
    FieldType.QUANTITY: ["10", "-10", "9999999999.9999", "0.0001"],
    FieldType.PRICE: ["1.00", "9999999999.999999", "0"],
    FieldType.COUNT: ["1", "0", "2025", "9999999999"],
    FieldType.FILE: ["AAAA", [80, 75, 3, 4], [-1], "UEsDBA=="],
    FieldType.TEXTS: [["420"], "420,424", ["medical"], []],
}


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _road(world: World) -> None:
    await road(world)


class Sender:
    """Makes messages that are nearly right, and some that are not, from one seed."""

    def __init__(self, seed: int, worker: KnownWorker, visit: str) -> None:
        self.dice = random.Random(seed)  # noqa: S311 -- a test's dice
        self.known = {"psn_no": worker.number, "mdtrt_id": visit, "certno": worker.person.number}
        self.known |= {"mdtrt_cert_no": worker.person.card_number, "mdtrtarea_admdvs": "370000"}

    def value(self, it: InputField) -> Any:
        """Draw a value, mostly one that passes."""
        if self.dice.random() < 0.08:
            return self.dice.choice(ODD)
        if it.name in self.known:
            return self.known[it.name]
        if it.value_set and it.type is FieldType.CODE:
            return self.dice.choice(value_sets()[it.value_set].values).value
        return self.dice.choice(USUAL.get(it.type, ["1", "甲乙", "A3701002509010000001"]))

    def node(self, node: InputNode) -> Any:
        """Draw a node, mostly of the right shape."""
        rows = [
            {
                it.name: self.value(it)
                for it in node.fields
                if it.required or self.dice.random() < 0.5
            }
            for _ in range(self.dice.choice([1, 1, 1, 2]))
        ]
        return rows if node.many else rows[0]


@pytest.mark.parametrize("number", list(transactions()))
async def test_whatever_is_sent_is_answered(world: World, number: str) -> None:
    it = transactions()[number]
    his, worker = hospital(world), await ready_worker(world)
    sender = Sender(int(number), worker, await admitted(his, worker))
    party: Gateway = his if PartyKind.INSTITUTION in it.callers else bureau(world)
    codes: set[int] = set()
    for _ in range(ROUNDS):
        body = {node.name: sender.node(node) for node in it.inputs}
        answer = await party.post(party.envelope(number, body))
        assert answer.status_code == 200, f"{body} was answered {answer.text}"
        if answer.headers["content-type"].startswith("application/json"):
            told = answer.json()
            codes.add(told["infcode"])
            assert told["infcode"] in (0, -1)
            assert (told["err_msg"] == "") == (told["infcode"] == 0)
    assert codes
