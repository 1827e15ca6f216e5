"""Use cases of events: reading the feed, subscribing, and delivering."""
