"""Bank statements: what the bank says came and left, and which payment each line is."""
