# ruff: noqa: INP001 - a script, not a package
"""Write docs/definitions.md: every figure with its numerator, denominator or formula, and the code that computes it.

    python docs/make_definitions.py

Names, numerators and denominators of the rates, reasons and notes come from the catalogue; of every other figure the
catalogue gives the name and figures.toml the formula. Code that is named must exist. A test writes the page again and
compares.
"""

from __future__ import annotations

import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from walkshed.catalogue import entries, text
from walkshed.walkers import STANDARD_PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).resolve().parent
WRITTEN: dict[str, Any] = tomllib.loads((DOCS / "figures.toml").read_text(encoding="utf-8"))


def code(path: str) -> str:
    """Return a function's full name after making sure that it is there."""
    module, _, name = f"walkshed.{path}".rpartition(".")
    getattr(import_module(module), name)
    return f"`{module}.{name}`"


def rows(*header: str, body: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield a table of Markdown."""
    yield f"| {' | '.join(header)} |"
    yield f"| {' | '.join('---' for _ in header)} |"
    for row in body:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def both(key: str) -> str:
    """Return a text of the catalogue in both languages."""
    return f"{text(key, 'en')} {text(key, 'zh')}"


def rate_section() -> Iterator[str]:
    """Yield the rates on every basis."""
    yield from (
        "## Rates",
        "",
        (
            "rate = numerator / denominator, where the denominator is not 0. Every rate is told for the whole area"
            " and for every unit, by walker (`profile`) and minutes (`cutoff_min`), and E also by group, tier and"
            " hour. A home is served or not as a whole: served where the routed walk to the nearest serving room"
            " takes no longer than the cutoff. Serving rooms are those whose status stands in `[facilities] serving`."
        ),
        "",
    )
    body = [
        (
            f"`{basis}`",
            both(f"figures.basis_{basis}"),
            both(f"figures.basis_{basis}_numerator"),
            both(f"figures.basis_{basis}_denominator"),
            code(where),
        )
        for basis, where in WRITTEN["bases"].items()
    ]
    yield from rows("basis", "rate", "numerator", "denominator", "code", body=body)
    yield from (
        (
            "A denominator that the study gives (`[units] denominators`) replaces the counted one and is marked as"
            f" given; a rate above 100 % is kept and flagged: {text('figures.flag_above_one', 'en')}"
        ),
        "",
        f"Hours: {text('figures.open_hour', 'en')} {text('figures.open_hour', 'zh')}",
        "",
    )


def walker_section() -> Iterator[str]:
    """Yield the predefined walkers."""
    yield from (
        "## Walkers",
        "",
        "Flat speeds; a study may change them and add its own ([profiles](study-reference.md#profiles)).",
        "",
    )
    body = [
        (
            both(f"figures.profile_{name}"),
            f"{profile.speed_kmh:g}",
            f"{profile.speed_kmh / 3.6:.2f}",
            "yes" if profile.stairs else "no",
        )
        for name, profile in STANDARD_PROFILES.items()
    ]
    yield from rows("walker", "km/h", "m/s", "stairs", body=body)


def word_section(heading: str, section: str, words: str) -> Iterator[str]:
    """Yield the codes of one section of the catalogue with their texts."""
    yield from (f"## {heading}", "", words, "")
    body = [
        (f"`{key.partition('.')[2]}`", texts["en"], texts["zh"])
        for key, texts in entries().items()
        if key.startswith(f"{section}.")
    ]
    yield from rows("code", "English", "中文", body=body)


def definitions() -> str:
    """Return the page."""
    lines = [
        "# Definitions",
        "",
        (
            "This page is written by `python docs/make_definitions.py`; do not edit it by hand. It defines every"
            " figure that a map, table or report shows. How right they are: [accuracy](accuracy.md)."
        ),
        "",
        *rate_section(),
        "## Below the rates",
        "",
        *rows(
            "figure",
            "formula",
            "code",
            body=[(row["figure"], row["formula"], code(row["code"])) for row in WRITTEN["below"]],
        ),
        *walker_section(),
    ]
    for section in WRITTEN["sections"]:
        lines += [f"## {section['heading']}", "", section["words"], ""]
        body = [
            (both(row["name"]), f"`{row['column']}`", row["formula"], code(row["code"])) for row in section["figures"]
        ]
        lines += rows("figure", "column", "formula", "code", body=body)
    lines += [
        "## Plans and their bounds",
        "",
        (
            "`objective` is what a plan reaches. `bound` is what no plan of the same requirements can pass: not above"
            " it (mclp), not below it (the others). `optimal` is said only where both are equal to one in a million."
        ),
        "",
        *rows(
            "model",
            "aim",
            "code",
            body=[(f"`{row['model']}`", row["aim"], code(row["code"])) for row in WRITTEN["models"]],
        ),
    ]
    statuses = [key for key in entries() if key.startswith("figures.status_")]
    body = [(f"`{key.removeprefix('figures.status_')}`", text(key, "en"), text(key, "zh")) for key in statuses]
    lines += rows("status", "English", "中文", body=body)
    lines += word_section(
        "Why somebody is not served, or a place not tied to a street",
        "reasons",
        "Codes of the columns `reason` and `why`.",
    )
    lines += word_section("Why a row was not used", "rejects", "Codes of the column `reason` of rejected rows.")
    return "\n".join(lines).rstrip() + "\n"


def pages() -> dict[str, str]:
    """Return the page by its file name."""
    return {"definitions.md": definitions()}


def main() -> None:
    """Write the page."""
    for name, content in pages().items():
        (DOCS / name).write_text(content, encoding="utf-8")
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
