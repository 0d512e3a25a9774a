"""Networks as TensorFlow has them: in Keras, in the names of tensors, in the size of files."""
