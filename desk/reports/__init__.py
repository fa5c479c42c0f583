"""Reports: what the money did, by day, method, partner and due date."""
