"""TensorFlow: Keras models, the converter, and the names and sizes of the converter's files."""
