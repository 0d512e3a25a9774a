"""Images: their sources, classes and parts, their decoding, and the decoded dataset on disk."""
