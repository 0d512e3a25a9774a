"""What the SDK can do with each board."""
