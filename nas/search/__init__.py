"""A search from the request to the winner, and everything that is kept of it."""
