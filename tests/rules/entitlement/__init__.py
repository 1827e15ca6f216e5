"""Rules of entitlement."""
