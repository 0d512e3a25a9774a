"""TensorFlow Lite Micro: which library, which operators it has, what it keeps in its arena."""
