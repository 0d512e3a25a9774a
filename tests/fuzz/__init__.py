"""Damaged files of every format that the SDK reads: `python -m tests.fuzz --help`.

`formats.py` says what a format's sound files are and what reads them, `mutations.py` damages
them, `run.py` reads one after another in a child process and measures each. Inputs that once
broke a reader lie in `tests/corpus/FORMAT/`; they are read by the tests, and mutated too.
"""
