"""The words every domain shares."""
