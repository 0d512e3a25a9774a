"""Generates PlatformIO projects from .tflite files: graph, memory planner, kernels, rendering."""
