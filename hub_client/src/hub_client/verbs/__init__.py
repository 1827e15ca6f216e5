"""What a party says to the hub: one plan per verb, grouped by what it is about."""
