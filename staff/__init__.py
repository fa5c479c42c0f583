"""Staff: the people who sign in at the desk, their roles, permissions and sessions."""
