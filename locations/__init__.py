"""Locations: the outlets and brands of the agency, and their settings."""
