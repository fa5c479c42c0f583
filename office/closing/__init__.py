"""The close of the day: what came by which method, and the cash that was counted."""
