"""One's own account, and the way in."""
