"""Formulas, declarations and macros in Markdown, notebooks and TeX, with their places."""
