"""A .tflite in, a PlatformIO project out: graph, memory planner, kernel parameters, rendering."""
