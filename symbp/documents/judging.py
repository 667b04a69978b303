"""The claims of a document, judged in the order in which they stand."""

from __future__ import annotations

from collections.abc import Iterator

from symbp.documents.finding import Finding
from symbp.documents.region import Document


def judged(document: Document) -> Iterator[Finding]:
    """A finding for every claim of the document."""
    yield from ()
