"""What `nas data` does: builds datasets, checks them, shows them."""
