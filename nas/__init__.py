"""Hardware-aware search: data, search space, estimates, training, quantisation, report."""
