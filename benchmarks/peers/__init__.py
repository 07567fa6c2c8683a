"""Other ledgers on the same PostgreSQL, each by its own best way, beside ours."""
