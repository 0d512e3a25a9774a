"""Images: where they come from, what they mean, how they are decoded and kept."""
