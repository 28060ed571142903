"""What people read: a report, a history. Drawn from plain data; no scripts, no network."""
