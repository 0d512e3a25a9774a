"""TensorFlow Lite Micro: the library, its operators, and its arena."""
