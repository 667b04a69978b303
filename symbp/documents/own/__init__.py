"""The network that a document's own equations describe, place by place, where none is declared."""
