"""Ways to write firmware to a chip."""
