"""Opayo, with its server played by `responses`."""
