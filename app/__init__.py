"""The hub: worker, filing, visit, settlement, clearing; imports only look upstream.

kernel       words every domain shares: money, days, identity, refusals (pure)
policy       the law as dated data (pure)
runtime      plumbing that knows no domain: settings, database, the one door, problems, sheets
parties      经办机构, 协议机构, 渠道 as callers: regions, clients, tokens
institutions 协议机构: what each may settle, where, from when
catalogues   目录: versioned drug, service, rehabilitation, bed and device lists
ledger       double entry between provinces, append-only
entitlement  工伤职工, cards, 认定/确认, loss of entitlement
filing       备案: leave to be treated elsewhere and settled directly
visit        就诊: admission, fee lines, discharge, device fitting
settlement   预结算, 结算, 撤销: each line decided, shares computed, liability booked
reversal     冲正: a message of unknown outcome made as if it had never been
review       日对账 by days; 申报, 审核扣款, closing and payments by months
advance      预付金: quotas, notices, usage watched by the books, modes, emergency increases
clearing     清分清算: gross per ordered pair, statements, notices
deadlines    期限: a calendar for every party; what the hub does by itself when a day has come
events       事件: one feed for everybody, sent to whoever subscribes
gateway      兼容层: numbered transactions in one envelope, mapped to the same services
sandbox      synthetic people, catalogues, traffic and the demo story
"""
