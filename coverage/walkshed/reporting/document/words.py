"""Texts of the written report."""

from __future__ import annotations

from walkshed.catalogue import text


def tell(key: str, language: str, /, **fields: object) -> str:
    """Return a text of the section ``document``."""
    return text(f"document.{key}", language, **fields)
