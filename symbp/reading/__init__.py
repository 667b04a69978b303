"""From LaTeX to index form: what an author wrote, read with the author's own names."""
