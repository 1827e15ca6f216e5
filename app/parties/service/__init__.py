"""Use cases of parties: clients and secrets, tokens, keys, persons, proposals, policy editions."""

from __future__ import annotations

from app.parties.service.credentials import (
    client,
    clients,
    create_client,
    disable_client,
    enable_client,
    hold_to,
    issue_secret,
    list_clients,
    retire_secret,
    revoke_tokens,
    rotate_client,
)
from app.parties.service.editions import adopt_own, list_editions, own_is_adopted
from app.parties.service.editions import check as check_edition
from app.parties.service.keys import list_keys, register_key, retire_key
from app.parties.service.persons import (
    SEALED_FOR,
    all_persons,
    create_person,
    disable_person,
    end_sessions,
    list_persons,
    recover_person,
    stop_person,
)
from app.parties.service.places import (
    list_regions,
    load_parties,
    load_regions,
    region,
    regions,
)
from app.parties.service.proposals import decide, list_proposals, proposal, propose
from app.parties.service.seconding import (
    acts_by_persons,
    is_first_of_two,
    require_person,
    require_second,
)
from app.parties.service.sessions import enrol, sign_in
from app.parties.service.tokens import holder_of, issue_token, revoke_token

__all__ = [
    "SEALED_FOR",
    "acts_by_persons",
    "adopt_own",
    "all_persons",
    "check_edition",
    "client",
    "clients",
    "create_client",
    "create_person",
    "decide",
    "disable_client",
    "disable_person",
    "enable_client",
    "end_sessions",
    "enrol",
    "hold_to",
    "holder_of",
    "is_first_of_two",
    "issue_secret",
    "issue_token",
    "list_clients",
    "list_editions",
    "list_keys",
    "list_persons",
    "list_proposals",
    "list_regions",
    "load_parties",
    "load_regions",
    "own_is_adopted",
    "proposal",
    "propose",
    "recover_person",
    "region",
    "regions",
    "register_key",
    "require_person",
    "require_second",
    "retire_key",
    "retire_secret",
    "revoke_token",
    "revoke_tokens",
    "rotate_client",
    "sign_in",
    "stop_person",
]
