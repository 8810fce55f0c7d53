"""The desk's own SQL database, to which finished runs are exported."""
