"""Receipts and statements for staff: the same papers that guests get by their link."""
