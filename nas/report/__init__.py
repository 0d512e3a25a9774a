"""The results of a run, in the terminal and as a report of one page."""
