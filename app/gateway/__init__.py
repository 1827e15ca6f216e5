"""The hospital's face (兼容层): numbered transactions in one JSON envelope, as HIS software speaks.

A thin adapter with no rule of its own: it reads the envelope, calls the same services as REST
through the same door, and writes their answer. What maps to what is data in `mapping.toml`.
"""
