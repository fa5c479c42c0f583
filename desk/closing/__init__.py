"""Day close: what came by which method, and the cash that was counted."""
