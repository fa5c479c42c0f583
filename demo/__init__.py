"""The demonstration agency: the same ids, names and credentials every time."""
