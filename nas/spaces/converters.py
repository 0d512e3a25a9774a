"""Who can make the .tflite of a network, by name. Pure."""

OWN = "own"
"""Ours: small files, no TensorFlow."""
TENSORFLOW = "tensorflow"
"""TensorFlow's, whose files hold names, a signature and metadata besides."""
CONVERTERS = (OWN, TENSORFLOW)
