"""Changing a booking: amending, cancelling, taking up again, and its guest."""
