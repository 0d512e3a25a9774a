"""The sections of a report: each module turns facts into one. Pure."""
