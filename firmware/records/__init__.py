"""The formats of files that one package writes and another reads, and their reader."""
