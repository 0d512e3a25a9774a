"""What a network takes of its target: memory, code and time."""
