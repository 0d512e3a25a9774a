"""The tools of `nas data`: they build, check and show datasets."""
