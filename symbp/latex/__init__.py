"""Writing LaTeX: entries, expressions, matrices, and derivations as Markdown posts."""
