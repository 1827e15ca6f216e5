"""The two clients: the same verbs, blocking or to be awaited."""

from __future__ import annotations

from hub_client.shells import Blocking, Concurrent, Verb
from hub_client.verbs import days, messages, visits
from hub_client.verbs import filings as filed
from hub_client.verbs import settlements as settled


class Verbs:
    """Everything a party says to the hub."""

    identify = Verb(visits.identify)
    institutions = Verb(visits.institutions)
    admit = Verb(visits.admit)
    fit = Verb(visits.fit)
    cancel_visit = Verb(visits.cancel_visit)
    visit = Verb(visits.visit)
    upload_lines = Verb(visits.upload_lines)
    remove_lines = Verb(visits.remove_lines)
    remove_line = Verb(visits.remove_line)
    discharge = Verb(visits.discharge)
    undo_discharge = Verb(visits.undo_discharge)

    preview = Verb(settled.preview)
    settle = Verb(settled.settle)
    cancel_settlement = Verb(settled.cancel_settlement)
    settlement = Verb(settled.settlement)
    settlements = Verb(settled.settlements)

    submit_filing = Verb(filed.submit_filing)
    filing = Verb(filed.filing)
    filings = Verb(filed.filings)
    approve_filing = Verb(filed.approve_filing)
    reject_filing = Verb(filed.reject_filing)
    cancel_filing = Verb(filed.cancel_filing)
    file_batch = Verb(filed.file_batch)

    reconcile_day = Verb(days.reconcile_day)
    differences = Verb(days.differences)
    am_i_clean = Verb(days.am_i_clean)
    journal_rows = Verb(days.journal_rows)

    outcome = Verb(messages.outcome)
    fence = Verb(messages.fence)
    reverse = Verb(messages.reverse)
    recover = Verb(messages.recover)


class HubClient(Blocking, Verbs):
    """The blocking client: `with HubClient(url, open_desk(...)) as hub: hub.admit(...)`."""


class AsyncHubClient(Concurrent, Verbs):
    """The asynchronous client: the same calls, awaited."""
