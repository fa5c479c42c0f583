"""The report of dangerous operations."""
