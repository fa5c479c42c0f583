"""Bookings and payments as CSV files, streamed (docs/import.md)."""
