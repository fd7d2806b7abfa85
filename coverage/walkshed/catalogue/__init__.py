"""The one catalogue of texts, Chinese and English.

Each table of a ``*.toml`` file of this folder is a key with the entries ``en`` and ``zh``; the file's name up to the
first hyphen is its section (``errors-inputs.toml`` belongs to ``errors``). A text is asked for as ``"section.key"`` and
may hold :meth:`str.format` placeholders, the same ones in both languages.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Final

LANGUAGES: Final = ("zh", "en")


@cache
def entries() -> dict[str, dict[str, str]]:
    """Return every text of the catalogue.

    Returns
    -------
    dict
        ``{"section.key": {"en": ..., "zh": ...}}``.
    """
    found: dict[str, dict[str, str]] = {}
    for file in sorted(files(__package__).iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            section = file.name.removesuffix(".toml").split("-")[0]
            for key, texts in tomllib.loads(file.read_text(encoding="utf-8")).items():
                found[f"{section}.{key}"] = texts
    return found


def placeholders(template: str) -> set[str]:
    """Return the names of the placeholders of a text.

    Examples
    --------
    >>> sorted(placeholders("{count:,} rows of {path}"))
    ['count', 'path']
    """
    return {name.split(".")[0].split("[")[0] for _, name, _, _ in Formatter().parse(template) if name}


def text(key: str, language: str = "en", /, **fields: object) -> str:
    """Return one text.

    Parameters
    ----------
    key
        ``"section.key"``.
    language
        ``"en"`` or ``"zh"``.
    **fields
        Values for the placeholders.

    Raises
    ------
    KeyError
        If the catalogue has no such key or language: a defect of the program, never of its input.
    """
    template = entries()[key][language]
    return template.format(**fields) if fields else template


def has(key: str) -> bool:
    """Say whether the catalogue holds ``key``."""
    return key in entries()
