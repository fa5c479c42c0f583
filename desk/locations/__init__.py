"""Locations and their settings."""
