"""The network that the static runtime executes: the same outputs as the model, with less work."""
