"""Rules of filing."""
