"""Trains the networks of the search without TensorFlow: layers in C, 16 images at a time."""
