"""Texts of the written report."""

from __future__ import annotations

from walkshed.catalogue import text


def tell(key: str, language: str, /, **fields: object) -> str:
    """Return a text of the section ``document``."""
    return text(f"document.{key}", language, **fields)


def page_words(language: str) -> tuple[str, str, str]:
    """Return what stands before the page's number, between it and the number of pages, and after both."""
    before, _, rest = tell("page", language, page="\0", pages="\0").partition("\0")
    between, _, after = rest.partition("\0")
    return before, between, after
