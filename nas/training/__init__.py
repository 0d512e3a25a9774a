"""Training a network, epoch by epoch, and the tasks that do it in a worker."""
