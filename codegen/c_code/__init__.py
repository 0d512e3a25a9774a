"""The C source of a model on the static runtime."""
