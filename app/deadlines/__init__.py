"""期限: who has to do what until when, and what the hub does by itself once a day is there.

A calendar of deadlines for every party, computed from the policy book, the working days and what
is on record; and the due acts (到期事项), each done once for each day whoever runs the tick, missed
days made up in order. Called by every party (reading), by the service every minute and by `hub
tick`. Carries out `hub-default/deadlines` and `hub-default/due-acts`; the days themselves rest on
the clauses each deadline names.
"""
