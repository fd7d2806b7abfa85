"""What a user sees when something goes wrong: one clear box, never a bare traceback."""

from __future__ import annotations

import logging
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

import streamlit as st

from walkshed.app.texts import language, safe, say
from walkshed.errors import WalkshedError

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)


@contextmanager
def explained() -> Iterator[None]:
    """Show errors of the block as one box in the language of the session; the page goes on after it."""
    try:
        yield
    except WalkshedError as error:
        show_error(error)
    except Exception as error:  # the last resort of the page; control flow of Streamlit is no Exception
        logger.exception("unexpected error while drawing a page")
        box(say("unexpected", kind=type(error).__name__))
        with st.expander(say("unexpected_details")):
            st.code("".join(traceback.format_exception(error)), language=None)


def show_error(error: WalkshedError) -> None:
    """Show one error with all its problems."""
    box(error.text(language()))


def box(message: str, *, kind: str = "error") -> None:
    """Show a text as it is, in a box.

    Parameters
    ----------
    message
        Plain text, line breaks kept; may hold whatever stood in a user's file.
    kind
        ``"error"``, ``"warning"``, ``"note"`` or ``"success"``.
    """
    role = "alert" if kind == "error" else "status"
    st.html(f'<div class="ws-box ws-{kind}" role="{role}">{safe(message)}</div>')
