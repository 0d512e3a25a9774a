"""Files that one process or package writes and another reads: their forms, and one reader."""
