"""LaTeX as tokens, statements and syntax trees; what the names mean is not known here."""
