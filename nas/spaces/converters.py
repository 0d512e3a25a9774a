"""Names of the converters that write the .tflite of a network. Pure."""

OWN = "own"
"""The converter of this SDK: small files, without TensorFlow."""
TENSORFLOW = "tensorflow"
"""TensorFlow's converter: its files also contain names, a signature and metadata."""
CONVERTERS = (OWN, TENSORFLOW)
