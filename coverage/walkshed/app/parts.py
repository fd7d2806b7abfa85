"""Pieces that several pages draw: heading, key figures, bars, tables, notes. All texts are shown as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from walkshed.app import state
from walkshed.app.errors import box
from walkshed.app.progress import told_stop
from walkshed.app.texts import in_markdown, language, safe, say, term
from walkshed.reporting.wording import count, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from walkshed.parameters import StudyConfig
    from walkshed.results import Survey


@dataclass(frozen=True, kw_only=True)
class Card:
    """One key figure.

    Attributes
    ----------
    label, value
        What, and how much.
    unit
        Stands small behind the value.
    lines
        Definition, numerator and denominator, range.
    kind
        ``""``, ``"alarm"`` or ``"gain"``: the colour.
    """

    label: str
    value: str
    unit: str = ""
    lines: tuple[str, ...] = ()
    kind: str = ""


def heading(title: str, config: StudyConfig) -> None:
    """Draw a page's title, the study's title and what a reader must know of it."""
    about = config.study
    study, note = (about.title_zh, about.note_zh) if language() == "zh" else (about.title_en, about.note_en)
    lead = f'<p class="ws-lead">{safe(note)}</p>' if note else ""
    st.html(
        f'<div class="ws-head"><h1>{safe(title)}</h1><span class="ws-study">{safe(study)}</span></div>{lead}',
    )
    if state.is_own(config):
        box(say("own_in_use"), kind="note")
    elif st.session_state.get("own_lost"):
        box(say("own_lost"), kind="warning")
    if told_stop():
        box(say("stopped_unchanged"), kind="warning")


def subheading(title: str, explanation: str = "") -> None:
    """Draw the title of a part of a page, with a line of explanation."""
    line = f'<p class="ws-small">{safe(explanation)}</p>' if explanation else ""
    st.html(f'<h2 class="ws-h2">{safe(title)}</h2>{line}')


def cards(figures: Iterable[Card]) -> None:
    """Draw key figures side by side."""
    st.html(f'<div class="ws-cards">{"".join(_card(figure) for figure in figures)}</div>')


def _card(card: Card) -> str:
    unit = f"<small>{safe(card.unit)}</small>" if card.unit else ""
    lines = "".join(f'<div class="ws-sub">{safe(line)}</div>' for line in card.lines)
    return (
        f'<div class="ws-card ws-{card.kind or "plain"}"><div class="ws-label">{safe(card.label)}</div>'
        f'<div class="ws-value">{safe(card.value)}{unit}</div>{lines}</div>'
    )


def bars(rows: Sequence[tuple[str, float, str]], *, color: str, full: float | None = None) -> None:
    """Draw a breakdown as bars.

    Parameters
    ----------
    rows
        Label, amount, amount as text.
    color
        Of the bars.
    full
        Amount of a full bar; the largest by default.
    """
    longest = max((amount for _, amount, _ in rows), default=0.0) if full is None else full
    parts = []
    for label, amount, shown in rows:
        width = 100 * amount / longest if longest and not math.isnan(amount) else 0
        parts.append(
            f'<div><div class="ws-bar-text"><span>{safe(label)}</span><b>{safe(shown)}</b></div>'
            f'<div class="ws-track"><div class="ws-fill" style="width:{width:.1f}%;background:{color}"></div></div>'
            "</div>"
        )
    st.html(f'<div class="ws-bars">{"".join(parts)}</div>')


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = (), kind: str = "") -> None:
    """Draw a small table that prints well; large ones belong into ``st.dataframe``.

    Parameters
    ----------
    head
        Column titles.
    rows
        Cells as text.
    numbers
        Positions of columns aligned to the right.
    kind
        ``"defs"`` for terms with their explanations.
    """

    def cells(tag: str, values: Sequence[str]) -> str:
        return "".join(
            f"<{tag}{' class=ws-number' if i in numbers else ''}>{safe(value)}</{tag}>"
            for i, value in enumerate(values)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    header = f"<thead><tr>{cells('th', head)}</tr></thead>"
    st.html(f'<table class="ws-table ws-{kind or "plain"}">{header}<tbody>{body}</tbody></table>')


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """Draw labels with their values, a line each, for narrow places."""
    lines = "".join(f"<div><span>{safe(label)}</span><b>{safe(value)}</b></div>" for label, value in rows)
    st.html(f'<div class="ws-facts">{lines}</div>')


def notes(result: Survey) -> None:
    """Draw what a reader of the figures must know, the study's own note aside, which stands in the heading."""
    told = [note.text(language()) for note in result.notes if note.key != "notes.study"]
    told.append(say("note_disagreement", share=percent(result.disagreement)))
    items = "".join(f"<li>{safe(line)}</li>" for line in told)
    st.html(f'<h2 class="ws-h2">{safe(say("notes"))}</h2><ul class="ws-notes">{items}</ul>')


def profile_button(profile: str) -> str:
    """Return a walker's name for a button, whose text is Markdown."""
    return in_markdown(term("profile", profile))


def counted(amount: float, quantity: str) -> str:
    """Return an amount with what was counted."""
    return f"{count(amount)} {term('quantity', quantity)}"
