"""The outbox: messages written with what they tell of, and delivered later, at least once."""
