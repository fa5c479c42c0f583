"""Opayo (formerly Sage Pay): forms posted to its server, protocol 4.00 (docs/opayo.md)."""
