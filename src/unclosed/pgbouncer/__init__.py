"""What a `pgbouncer.ini` says: read, joined with PgBouncer's defaults, and judged."""
