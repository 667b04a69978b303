"""Judging equations: exactly, by values in prime fields."""
