"""Findings as text, JSON, GitHub annotations, SARIF and an HTML page: one file for each."""
