"""The ladder: one settlement from the bare commit up to the whole hub, rung by rung, in one run."""
