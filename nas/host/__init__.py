"""The host of a search: its memory limit, worker processes, and other machines."""
