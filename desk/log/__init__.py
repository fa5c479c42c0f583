"""The event log: what happened, told in sentences; only ever read."""
