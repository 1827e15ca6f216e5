"""The hospital's face: envelope, fields, transactions, and that both faces do the same."""
