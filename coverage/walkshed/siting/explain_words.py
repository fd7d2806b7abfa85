"""Why here, in sentences."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from walkshed.errors import Message

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from walkshed.siting.explain import Explanations

NOBODY: Final = 0.5
"""Fewer residents than this are nobody in a sentence of whole people."""


def explain_in_words(explanations: Explanations, rank: int) -> tuple[Message, ...]:
    """Tell in sentences why one room is proposed.

    Parameters
    ----------
    explanations
        From :func:`walkshed.siting.explain.explain_proposals`.
    rank
        Of the room, from 1.

    Returns
    -------
    tuple of Message
        Texts of the catalogue's section ``why``, in the order in which they are to be read: whom it serves, which gap
        it closes, what it is worth beside the others, what to build if the site cannot be had.

    Raises
    ------
    KeyError
        If there is no room of this rank.
    """
    room: dict[Hashable, Any] = explanations.proposals.set_index("rank").loc[rank].to_dict()
    return (*_serves(room), *_instead(explanations, rank))


def _serves(room: dict[Hashable, Any]) -> Iterator[Message]:
    yield Message("why.serves", {"people": room["newly_served"], "rate": room["cumulative_rate"]})
    if isfinite(room["walk_min"]):
        yield Message("why.walk", {"minutes": room["walk_min"]})
    if room["kept_served"] >= NOBODY:
        yield Message("why.keeps", {"people": room["kept_served"]})
    if room["gap_id"]:
        gap = str(room["gap_id"]).removeprefix("gap-")
        yield Message("why.gap", {"gap": gap, "share": room["gap_share"]})
    alone = room["served_only_here"]
    if alone < NOBODY:
        yield Message("why.not_alone")
    elif alone < room["newly_served"] + room["kept_served"] - NOBODY:
        yield Message("why.alone", {"people": alone})


def _instead(explanations: Explanations, rank: int) -> Iterator[Message]:
    table = explanations.alternatives[explanations.alternatives["rank"] == rank]
    found: dict[str, dict[Hashable, Any]] = {str(row["scope"]): row for row in table.to_dict("records")}
    nearby, overall = found.get("nearby"), found.get("overall")
    if nearby is None:
        yield Message("why.none_nearby", {"metres": explanations.nearby_m})
    else:
        yield _alternative("nearby", nearby)
    if overall is not None and (nearby is None or overall["alternative_id"] != nearby["alternative_id"]):
        yield _alternative("elsewhere", overall)


def _alternative(scope: str, row: dict[Hashable, Any]) -> Message:
    where = {"place": row["place"], "id": row["alternative_id"], "metres": row["distance_m"]}
    if isfinite(row["loss_minutes"]):
        return Message(f"why.{scope}_minutes", {**where, "minutes": row["loss_minutes"]})
    if row["loss"] >= NOBODY:
        return Message(f"why.{scope}_fewer", {**where, "people": row["loss"]})
    return Message(f"why.{scope}_equal", where)
