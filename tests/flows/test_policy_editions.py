"""A change of policy takes two persons; in production no hub serves by what they did not adopt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.parties import service
from app.parties.errors import SecondPersonNeeded
from app.parties.store import proposals as store
from app.runtime.db import Rx, Tx
from app.runtime.paging import PageAsked
from tests.support.editions import (
    EDITIONS,
    adopted,
    another,
    deciding,
    editions,
    own,
    proposed,
    proposing,
)
from tests.support.parties import as_operator, seeded
from tests.support.persons import Staff, agency_person, enrolled
from tests.support.world import World

READY = "/v1/health/ready"
ADD = sa.text(
    """
    INSERT INTO policy_edition
           (version, digest, book, changes, follows, proposal, adopted_at, adopted_by)
    VALUES (:version, repeat('0', 64), '', '{}',
            (SELECT version FROM policy_edition ORDER BY id DESC LIMIT 1), :proposal, now(), 'x')
    """
).bindparams(sa.bindparam("proposal", type_=sa.Text))
SLIP = sa.text(
    """
    INSERT INTO policy_edition
           (version, digest, book, changes, follows, proposal, adopted_at, adopted_by)
    SELECT p.subject, coalesce(:digest, p.details ->> 'digest'),
           coalesce(:book, p.details ->> 'book'),
           coalesce(:changes, ARRAY(SELECT jsonb_array_elements_text(p.details -> 'changes'))),
           coalesce(:follows, p.details ->> 'follows'), p.number, now(), 'x'
      FROM proposal p WHERE p.number = :number
    """
).bindparams(
    sa.bindparam("digest", type_=sa.Text),
    sa.bindparam("book", type_=sa.Text),
    sa.bindparam("changes", type_=sa.ARRAY(sa.Text)),
    sa.bindparam("follows", type_=sa.Text),
)
NOISE = """
[noise.k{number}]
unit = "days"
means = "x"
means_zh = "x"
[[noise.k{number}.national]]
from = 2030-01-01
clause = "x"
value = 1
"""
Two = tuple[Staff, Staff]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def two(world: World) -> AsyncIterator[Two]:
    """Two persons of the operator of a hub in production that has adopted nothing yet."""
    await seeded(world)
    async with world.tx() as owner:
        mark = "INSERT INTO database_mark (single, mode, marked_at) VALUES (true, $1, now())"
        await owner.exec_driver_sql(mark, ("production",))
        clients = "INSERT INTO client (id, party, state, created_at) VALUES ($1, $2, 'active', $3)"
        for party in ("operator", "370000", "H37010000001"):
            region = (party,) if party.startswith("H") else ()
            if region:
                await owner.exec_driver_sql(
                    "INSERT INTO party (code, kind, name, region, state, source)"
                    " VALUES ($1, 'institution', '示例医院', '370100', 'active', 'synthetic')",
                    region,
                )
            await owner.exec_driver_sql(clients, (f"{party}-test", party, world.clock.now))
    yield await enrolled(world, "chen"), await enrolled(world, "wang")


async def checked(world: World) -> tuple[int, str]:
    """Ask whether the hub is ready; tell what it says of its policy."""
    answer = await world.http.get(READY)
    found = {it["name"]: it["found"] for it in answer.json()["checks"]}
    return answer.status_code, found["policy"]


@pytest.mark.usefixtures("two")
async def test_a_hub_in_production_is_not_ready_before_its_book_is_adopted(world: World) -> None:
    version = own().version
    answer = await world.http.get(READY)
    assert answer.status_code == 503
    assert (answer.json()["code"], answer.json()["failed"]) == ("not-ready", ["policy"])
    assert await checked(world) == (503, f"{version} is not adopted")
    assert await adopted(world)
    assert not await adopted(world)
    assert await checked(world) == (200, version)
    (first,) = await editions(world)
    assert (first["version"], first["digest"]) == (version, own().digest)
    assert (first["follows"], first["changes"], first["proposal"]) == (None, [], None)
    async with world.tx() as owner:
        trail = await owner.exec_driver_sql(
            "SELECT client FROM audit_trail WHERE action = 'policy.adopt' AND subject = $1",
            (version,),
        )
        assert trail.scalars().all() == ["operator-test"]


async def test_one_proposes_an_edition_and_another_adopts_it_having_read_what_it_changes(
    world: World, two: Two
) -> None:
    chen, wang = two
    laid = await proposed(world, chen, another("110000"))
    asked = laid["asked"]
    assert set(asked) == {"act", "policy", "digest", "follows", "changes"}
    assert asked["follows"] == own().version
    (line,) = asked["changes"]
    assert "filing.lock_in_months" in line
    assert '110000 · from 2030-01-01 起: – → {"residence": 3}' in line
    alone = await deciding(world, chen, laid["number"])
    assert (alone.status_code, alone.json()["code"]) == (403, "second-person-needed")
    done = await deciding(world, wang, laid["number"])
    assert (done.status_code, done.json()["proposal"]["state"]) == (200, "approved")
    last = (await editions(world))[-1]
    assert (last["version"], last["digest"]) == (asked["policy"], asked["digest"])
    assert (last["changes"], last["follows"]) == (asked["changes"], own().version)
    assert last["proposal"] == laid["number"]
    # A hub of the release before goes on by its own, and says which came after.
    assert await checked(world) == (200, f"{own().version}; adopted last: {asked['policy']}")
    again = await proposing(world, wang, another("110000"))
    assert (again.status_code, again.json()["code"]) == (409, "policy-adopted")
    again = await deciding(world, wang, laid["number"])
    assert (again.status_code, again.json()["code"]) == (409, "proposal-decided")


async def test_what_was_compared_with_an_edition_since_overtaken_is_proposed_again(
    world: World, two: Two
) -> None:
    chen, wang = two
    newest = another("110000")
    one, other = newest + "# one", newest + "# other"
    late = await proposed(world, chen, other)
    twice = await proposed(world, wang, one)
    soon = await proposed(world, chen, one)
    assert (await deciding(world, wang, soon["number"])).status_code == 200
    for number, by, code in (
        (late["number"], wang, "overtaken"),
        (twice["number"], chen, "adopted"),
    ):
        answer = await deciding(world, by, number)
        assert (answer.status_code, answer.json()["code"]) == (409, f"policy-{code}")
    rejected = await deciding(world, wang, late["number"], "rejection")
    assert rejected.json()["proposal"]["state"] == "rejected"
    assert (await proposed(world, chen, other))["asked"]["follows"] == soon["asked"]["policy"]


async def test_what_edits_a_value_or_is_no_book_is_not_even_proposed(
    world: World, two: Two
) -> None:
    chen, _ = two
    edited = await proposing(world, chen, another("110000").replace("= 12,", "= 13,", 1))
    assert (edited.status_code, edited.json()["code"]) == (422, "policy-edited")
    assert "filing.term_months" in edited.json()["edits"][0]
    for text in ("", "edition = 'a b'", "edition = '1'\n[a]\nb = 1", "\u0000", "\r\n["):
        unread = await proposing(world, chen, text)
        assert (unread.status_code, unread.json()["code"]) in {
            (422, "policy-unreadable"), (400, "malformed"), (400, "request-malformed"),
        }, unread.text  # fmt: skip


async def test_nobody_but_persons_of_the_operator_proposes_an_edition(
    world: World, two: Two
) -> None:
    body = {"asked": {"act": "policy.adopt", "book": another("210000")}, "reason": "x"}
    machine = await world.operator.post("/v1/proposals", body)
    assert (machine.status_code, machine.json()["code"]) == (403, "person-required")
    li = await agency_person(world, two, "370000", "li")
    foreign = await proposing(world, li, another("210000"))
    assert (foreign.status_code, foreign.json()["code"]) == (403, "proposal-foreign")
    assert (await world.http.get(EDITIONS)).status_code == 401


async def test_whoever_fell_meanwhile_adopts_nothing(world: World, two: Two) -> None:
    chen, _ = two
    zhao = await enrolled(world, "zhao")
    book = another("110000") + "# fallen"
    laid = await proposed(world, chen, book)
    headers = await zhao.headers()
    await as_operator(world, lambda work: service.disable_person(work, "zhao"))
    before = await editions(world)
    path = f"/v1/proposals/{laid['number']}/approval"
    answer = await world.http.post(path, json={"reason": "x"}, headers=headers)
    assert answer.status_code == 401
    assert await editions(world) == before


async def test_an_adoption_alone_is_refused_by_the_service_and_by_the_database_itself(
    world: World, two: Two
) -> None:
    chen, _ = two
    async with world.tx() as owner:
        await owner.exec_driver_sql("UPDATE policy_edition SET digest = repeat('1', 64)")
    with pytest.raises(SecondPersonNeeded):
        await adopted(world)
    async with world.tx() as owner:
        await owner.exec_driver_sql(
            "UPDATE policy_edition SET digest = encode(sha256(convert_to(book, 'UTF8')), 'hex')"
        )
    laid = await proposed(world, chen, another("110000") + "# waits")
    version = laid["asked"]["policy"]
    for row in (
        {"version": "1-00000000", "proposal": None},
        {"version": version, "proposal": laid["number"]},  # nobody has approved it yet
    ):
        with pytest.raises(DBAPIError, match="takes two persons"):
            async with world.service_tx() as tx:
                await tx.execute(ADD, row)
    with pytest.raises(DBAPIError, match="operator alone"):
        await _add_as_agency(world, {"version": version, "proposal": laid["number"]})
    for statement in ("UPDATE policy_edition SET book = ''", "DELETE FROM policy_edition"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with world.service_tx() as tx:
                await tx.exec_driver_sql(statement)


async def test_no_other_text_or_words_are_slipped_beneath_what_two_approved(
    world: World, two: Two
) -> None:
    chen, _ = two
    laid = await proposed(world, chen, another("110000") + "# approved")
    number = laid["number"]
    for slipped in (
        {"book": "edition = '1'"},
        {"changes": ["nothing of note"]},
        {"follows": laid["asked"]["policy"]},
        {"digest": "0" * 64},
    ):
        with pytest.raises(DBAPIError, match="takes two persons"):
            await _slip(world, number, slipped)


async def test_a_digest_is_that_of_the_text_it_is_kept_with(world: World, two: Two) -> None:
    del two
    with pytest.raises(DBAPIError, match="of another text"):
        await _add_first(world)


async def test_what_nobody_would_read_to_the_end_is_not_laid_before_anybody(
    world: World, two: Two
) -> None:
    chen, _ = two
    many = "".join(NOISE.format(number=number) for number in range(501))
    answer = await proposing(world, chen, another("110000") + many)
    assert (answer.status_code, answer.json()["code"]) == (422, "policy-unreadable")
    assert "more than 1000 things" in answer.json()["detail"]


async def test_a_list_of_proposals_does_not_read_the_texts_that_nobody_is_shown(
    world: World, two: Two
) -> None:
    chen, _ = two
    laid = await proposed(world, chen, another("110000") + "# listed")
    async with world.tx() as owner:
        listed = await store.page(Rx(owner), None, None, PageAsked("", 100))
        whole = await store.locked(Tx(owner), laid["number"], None)
    assert listed
    assert not any("book" in it.asked.details for _, it in listed)
    assert whole is not None
    assert str(whole.asked.details["book"]).endswith("# listed")


async def _slip(world: World, number: str, slipped: dict[str, Any]) -> None:
    """Approve a proposal and adopt something else, as whoever holds the service's role could."""
    row: dict[str, Any] = dict.fromkeys(("book", "changes", "follows", "digest"))
    async with world.service_tx() as tx:
        await tx.exec_driver_sql(
            "UPDATE proposal SET state = 'approved', decided_by = 'wang', decided_at = now()"
            " WHERE number = $1",
            (number,),
        )
        await tx.execute(SLIP, row | {"number": number} | slipped)


async def _add_first(world: World) -> None:
    """Add an edition where nobody is asked for two."""
    async with world.tx() as owner:
        await owner.exec_driver_sql("SELECT hub_as('operator', 'operator', '', false)")
        await owner.exec_driver_sql("DELETE FROM database_mark")
        await owner.execute(ADD, {"version": "1-00000000", "proposal": None})


async def _add_as_agency(world: World, row: dict[str, str | None]) -> None:
    async with world.hub.engine.begin() as connection:
        await connection.exec_driver_sql("SELECT hub_as('agency', '370000', '37', false)")
        await connection.execute(ADD, row)


async def test_a_book_before_that_this_release_cannot_read_is_said_so(
    world: World, two: Two
) -> None:
    chen, _ = two
    async with world.tx() as owner:
        await owner.exec_driver_sql(
            "UPDATE policy_edition SET book = 'x' WHERE id = (SELECT max(id) FROM policy_edition)"
        )
    laid = await proposed(world, chen, another("110000") + "# of another form")
    assert laid["asked"]["changes"] == [
        "The edition before cannot be read by this release 前一版次无法由本版程序读取"
    ]


async def test_a_value_to_come_is_put_right_before_its_day_and_not_after(
    world: World, two: Two
) -> None:
    chen, wang = two
    first = another("120000")
    async with world.tx() as owner:
        await owner.exec_driver_sql(
            "UPDATE policy_edition SET book = $1 WHERE id = (SELECT max(id) FROM policy_edition)",
            (first,),
        )
    right = first.replace("{ residence = 3 }\n", "{ residence = 2 }\n")
    assert first.count("{ residence = 3 }\n") == 1
    world.clock.set_day("2029-12-31")
    (told,) = (await proposed(world, chen, right))["asked"]["changes"]
    assert '120000 · from 2030-01-01 起: {"residence": 3} → {"residence": 2}' in told
    waits = await proposed(world, chen, right + "# on the eve")
    world.clock.set_day("2030-01-01")
    late = await deciding(world, wang, waits["number"])
    assert (late.status_code, late.json()["code"]) == (422, "policy-edited")
    again = await proposing(world, chen, right)
    assert (again.status_code, again.json()["code"]) == (422, "policy-edited")
