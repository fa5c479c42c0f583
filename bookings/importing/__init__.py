"""Bookings of another system, from a CSV file: all of it, or nothing (docs/import.md)."""
