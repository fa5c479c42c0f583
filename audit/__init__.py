"""The event log: who did what, when, on what, in chains that show every change made by hand."""
