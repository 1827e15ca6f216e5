"""The law as dated data: clauses in our own words, and the values that hold on a day in a place."""
