"""Converts a trained network to an int8 .tflite, without TensorFlow."""
