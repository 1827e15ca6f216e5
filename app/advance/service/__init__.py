"""What can be done with an advance: each step of its life is a room here."""
