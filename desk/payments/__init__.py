"""Payments: the list, one payment, and what can be done with it."""
