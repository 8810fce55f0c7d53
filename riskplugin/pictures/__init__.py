"""Pictures of results: what is drawn is what their tables say."""
