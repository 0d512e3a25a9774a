"""The search: request, strategies, trials, and the run from images to the int8 model."""
