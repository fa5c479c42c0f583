"""Bookings: stays of guests in properties, and the schedule of what is due for them."""
