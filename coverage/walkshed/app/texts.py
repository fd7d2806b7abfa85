"""Texts of the catalogue in the language of the session."""

from __future__ import annotations

from html import escape
from typing import Final

import streamlit as st

from walkshed.catalogue import LANGUAGES, text
from walkshed.reporting.wording import named

LANGUAGE_KEY: Final = "language"


def language() -> str:
    """Return the language of this session, ``"zh"`` or ``"en"``."""
    chosen = st.session_state.get(LANGUAGE_KEY)
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def say(key: str, **fields: object) -> str:
    """Return a text of the section ``app`` in the language of this session."""
    return text(f"app.{key}", language(), **fields)


def term(kind: str, code: object) -> str:
    """Return what readers call a code, see :func:`walkshed.reporting.wording.named`."""
    return named(kind, code, language())


def safe(value: object) -> str:
    """Return any text as HTML that shows exactly that text, whatever it holds."""
    return escape(str(value), quote=True)


def in_markdown(value: object) -> str:
    """Return any text such that Streamlit's Markdown shows exactly that text.

    Punctuation becomes character references: a backslash would not stop emoji shortcodes and directives.
    """
    return "".join(c if c.isalnum() or c == " " or ord(c) > 127 else f"&#{ord(c)};" for c in str(value))  # noqa: PLR2004 - end of ASCII
