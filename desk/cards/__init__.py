"""Stored cards: charging them again, refunding to them, releasing, giving up and voiding at the
provider; and what has become of it."""
