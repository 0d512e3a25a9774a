"""What a run came to: in the terminal, and as a report of one page."""
