"""The host of a search: its memory, its processes, other machines."""
