"""事件: what the hub tells of, to be fetched in order or sent to whoever subscribes.

What the door announces in its transactions becomes a feed (`GET /v1/events`): the same order for
everybody, without gaps, each party what names it. A subscription (事件订阅) has the same events
sent to an address of the party's own, signed, in the same order, again until they arrive or are
given up. active → suspended → active; disabled when nothing has arrived for long; ended for good.
Called by every party, by the service every few seconds and by `hub deliver`. Carries out
`hub-default/events`.
"""
