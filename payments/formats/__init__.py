"""The wire formats of partners, one folder each; they do not know each other."""
