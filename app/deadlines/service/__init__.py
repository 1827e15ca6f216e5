"""What can be asked of the calendar, and what is done when a day has come."""
