"""Every SQL statement about events, subscriptions and deliveries."""
