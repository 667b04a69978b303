"""The tests: one file per module, and what they share (conftest.py, latex_engines.py)."""
