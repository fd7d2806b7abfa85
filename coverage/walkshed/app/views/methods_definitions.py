"""What every figure means, with its formula."""

from __future__ import annotations

from typing import Final

from walkshed.app import parts
from walkshed.app.texts import say, term

BASES: Final = ("E", "E_buildings", "D", "C", "A", "B", "B_units", "F")
GROUPS: Final = {
    "figures_definitions": (
        "minutes", "covered", "unserved", "reasons", "gaps", "median", "curve", "isochrone", "disagreement", "range",
    ),
    "equity_definitions": ("mean", "gini", "palma", "reached"),
    "capacity_definitions": ("exclusive", "load", "full", "two_step"),
    "hours_definitions": ("hourly", "night", "norm"),
    "compare_definitions": ("gained", "lost", "points", "person_minutes"),
    "siting_definitions": (
        "candidate", "mclp", "lscp", "p_median", "p_center", "newly", "bound", "mip_gap", "status", "rooms_curve",
        "order", "phases", "robustness",
    ),
}  # fmt: skip
"""Tables of definitions; each entry has the texts ``figure_``, ``define_`` and ``formula_``."""


def show() -> None:
    """Draw the definitions."""
    parts.subheading(say("rates_definitions"), say("rates_definitions_help"))
    head = [say("column_figure"), say("column_numerator"), say("column_denominator")]
    parts.table(
        head,
        [
            (term("basis", basis), term("basis", f"{basis}_numerator"), term("basis", f"{basis}_denominator"))
            for basis in BASES
        ],
        kind="defs",
    )
    head = [say("column_figure"), say("column_definition"), say("column_formula")]
    for group, names in GROUPS.items():
        parts.subheading(say(group), say("symbols") if group == "figures_definitions" else "")
        parts.table(
            head,
            [(say(f"figure_{name}"), say(f"define_{name}"), say(f"formula_{name}")) for name in names],
            kind="formulas",
        )
