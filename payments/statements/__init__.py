"""What the bank says came and left, and which payment each of its lines is."""
