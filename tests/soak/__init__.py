"""The commands under random faults, for as long as wanted: `python -m tests.soak --help`.

`desk.py` is where a command runs and what must hold however it ends, `scenarios.py` says which
command meets which fault, `__main__.py` draws them by a seed.
"""
