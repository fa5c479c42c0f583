"""The people who sign in at the desk."""
