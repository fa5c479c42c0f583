"""The list of bookings with its search, and the page of one booking."""
