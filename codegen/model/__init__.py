"""The model that is read: its file, its graph, and what is known of it before it runs."""
