"""Releasing the security deposit."""
