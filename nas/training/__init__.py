"""Training: epochs, checkpoints, the memory that training needs, and the tasks of a worker."""
