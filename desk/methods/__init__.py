"""Payment methods and their policy."""
