"""What leaves the house: e-mails to people, events to programs."""
