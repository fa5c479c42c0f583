"""Tags: the agency's vocabulary for bookings, and which booking carries which."""
