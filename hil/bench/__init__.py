"""Which boards there are, who uses them, and how one is made ready."""
