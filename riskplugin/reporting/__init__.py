"""What a report of a run says: its first page and its contents, for every format."""
