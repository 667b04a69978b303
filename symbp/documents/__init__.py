"""Documents: their formulas and declarations found, before anything is understood of them."""

from symbp.documents.read import read_document, read_text

__all__ = ["read_document", "read_text"]
