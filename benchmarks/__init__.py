"""How fast the hub is, by hand on a quiet machine; no test ever looks at a clock."""
