"""The database: engine and migrations; used by jobs and review."""
