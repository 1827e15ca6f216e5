"""The hub as it ought to be, told a second time: small, slow, and sharing no line with the product.

Nothing here imports the product. What it says in advance the hub is held to, step by step.
"""
