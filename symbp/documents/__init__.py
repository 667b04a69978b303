"""Documents: their gradient formulas found, judged, reported; their blocks filled in.

formats/      Markdown, notebooks, TeX → regions of formulas and declarations (region)
plain         formulas in plain text
declaration, networks     what an author declares
own/          the network of a document's own equations, where nothing is declared
judging       the claims in their order → findings (finding)
check         files, folders, texts; report/ writes what was found
fill/         derivations written into blocks of a document
"""

from symbp.documents.read import read_document, read_text

__all__ = ["read_document", "read_text"]
