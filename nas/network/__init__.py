"""One description of a network, and what is worked out from it alone."""
