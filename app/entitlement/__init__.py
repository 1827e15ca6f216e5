"""Entitlement (待遇资格): what an injured worker is entitled to be treated for, and since when.

Insured agencies register workers, determinations and losses of entitlement; filing, visit and
settlement ask. A determination's life: active -> withdrawn. Personal data lies in one table,
`worker_identity`; everything else refers to the worker by internal id or public number.
"""
