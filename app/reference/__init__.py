"""What explains the hub: health, counters, refusals, words, dictionaries, outcomes of messages."""
