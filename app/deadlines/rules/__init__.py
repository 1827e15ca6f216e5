"""The rules of the calendar: which day it is, which clause says so, and what is due by now."""
