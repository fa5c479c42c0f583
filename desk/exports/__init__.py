"""Exports: lists and reports as files."""
