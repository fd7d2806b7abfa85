"""Which ways of OpenStreetMap one may walk, and which way round: every rule in one place, with its reason."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple, Protocol

from walkshed.walkers import PUBLIC, tag_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from walkshed.walkers import Access

WALK_TAGS = (
    "highway", "foot", "access", "motorroad", "sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right",
    "oneway:foot", "foot:forward", "foot:backward", "conveying", "name",
)  # fmt: skip
"""The tags of ways that this module, and the network's street names, ask for; see :func:`tags_asked`."""

NOT_THERE = {
    "construction": "not finished",
    "proposed": "a plan",
    "planned": "a plan",
    "abandoned": "given up",
    "disused": "given up",
    "razed": "gone",
    "demolished": "gone",
    "removed": "gone",
    "destroyed": "gone",
    "no": "explicitly no way",
    "rest_area": "the outline of an area, no way",
    "services": "the outline of an area, no way",
}
"""``highway`` values that are no way at all today; no other tag changes that."""

NOT_FOR_WALKERS = {
    "motorway": "closed to walkers by law",
    "motorway_link": "the same",
    "trunk_link": "ramps of express roads, built without a footway",
    "bus_guideway": "a track for guided buses",
    "busway": "a road for buses alone",
    "raceway": "a race track",
    "escape": "a gravel bed for runaway lorries",
    "emergency_bay": "a lay-by of an express road",
    "via_ferrata": "needs climbing gear",
    "ladder": "the same",
}
"""``highway`` values without walkers unless ``foot`` or a sidewalk says otherwise.

Everything else with a ``highway`` tag is walked, so that a rare or a local value (``trail``, ``road``) does not tear
the network. On purpose that includes:

- ``trunk``: in Chinese cities often a main road with pavements; express roads are told by ``motorroad=yes``;
- ``cycleway``: people walk there where no footway is mapped beside it; ``foot=no`` closes it;
- ``corridor`` and ``elevator``: indoor passages and lifts join streets, bridges and stations; without them the two
  sides fall apart. Opening hours and the wait for the lift are not charged;
- ``platform``: often the only link between a station's exits;
- ``steps``: flagged, so that a profile may walk them slower or not at all;
- streets whose sidewalk is mapped apart (``sidewalk=separate``, ``foot=use_sidepath``): the walk is the same, and
  where the separate line is not joined up, the street holds the network together.
"""

PRIVATE = ("private", "no", "military")
"""Values of ``access`` that keep the public out, and walkers too unless ``foot`` says otherwise."""

INVITED = ("yes", "designated", "permissive", "official")
"""Values of ``foot`` that let walkers onto a way closed to others."""

GATES = (
    "gate", "lift_gate", "swing_gate", "sliding_gate", "wicket_gate", "hampshire_gate", "kissing_gate", "turnstile",
    "full-height_turnstile", "door", "entrance",
)  # fmt: skip
"""Values of ``barrier`` of nodes that can be shut to walkers."""

CLOSED = (False, False)


class Tags(Protocol):
    """Tags of a way: a dict, or what a parser offers in its place."""

    def get(self, key: str, /) -> str | None:
        """Return the value of a key, or ``None``."""
        ...  # pragma: no cover


class Passage(NamedTuple):
    """Whether one may walk a way in the order of its nodes, and against it."""

    forward: bool
    backward: bool

    def __bool__(self) -> bool:
        """Say whether one may walk it at all."""
        return self.forward or self.backward


def walking_passage(tags: Tags, *, access: Access = PUBLIC) -> Passage:
    """Say which way round one may walk a way.

    Parameters
    ----------
    tags
        Tags of the way.
    access
        What differs from the rules of this module.

    Notes
    -----
    ``oneway`` binds vehicles only. Walkers are bound by ``oneway:foot``, ``foot:forward``, ``foot:backward`` and by
    moving steps (``conveying=forward`` or ``backward``).

    Examples
    --------
    >>> walking_passage({"highway": "residential", "oneway": "yes"})
    Passage(forward=True, backward=True)
    >>> bool(walking_passage({"highway": "motorway"}))
    False
    """
    if not _may_walk(tags, access):
        return Passage(*CLOSED)
    oneway, conveying = tags.get("oneway:foot"), tags.get("conveying")
    forward = oneway != "-1" and conveying != "backward" and tags.get("foot:forward") != "no"
    backward = oneway not in ("yes", "1") and conveying != "forward" and tags.get("foot:backward") != "no"
    return Passage(forward, backward)


def _may_walk(tags: Tags, access: Access) -> bool:
    highway = tags.get("highway")
    if highway is None or highway in NOT_THERE or _has_one(tags, access.forbid):
        return False
    if _has_one(tags, access.allow):
        return True
    foot = tags.get("foot")
    if foot in INVITED:
        return True
    if foot == "no":
        return False
    if (highway in NOT_FOR_WALKERS or tags.get("motorroad") == "yes") and not _has_sidewalk(tags):
        return False
    return access.private or (foot != "private" and tags.get("access") not in PRIVATE)


def _has_one(tags: Tags, wanted: tuple[str, ...]) -> bool:
    return any(tags.get(key) == value for key, value in map(tag_parts, wanted))


def _has_sidewalk(tags: Tags) -> bool:
    if tags.get("sidewalk") in ("both", "left", "right", "yes"):
        return True
    return any(tags.get(f"sidewalk:{side}") == "yes" for side in ("both", "left", "right"))


def gate_is_shut(tags: Tags, *, access: Access = PUBLIC) -> bool:
    """Say whether a node of a way is a gate that walkers cannot pass.

    Parameters
    ----------
    tags
        Tags of the node.
    access
        What differs from the rules of this module.

    Notes
    -----
    Bollards, kerbs and the like are no gates. A gate whose tags do not say who may pass is open: most stand open by
    day, and a way that was mapped up to it and on behind it is walked.

    Examples
    --------
    >>> gate_is_shut({"barrier": "gate", "access": "private"}), gate_is_shut({"barrier": "gate"})
    (True, False)
    """
    if tags.get("barrier") not in GATES or access.gates == "open" or tags.get("foot") in INVITED:
        return False
    if access.gates == "closed":
        return tags.get("access") not in INVITED
    owned = tags.get("foot") == "private" or (tags.get("foot") is None and tags.get("access") in PRIVATE)
    return tags.get("foot") == "no" or tags.get("locked") == "yes" or (owned and not access.private)


def tags_asked(access: Access = PUBLIC) -> tuple[str, ...]:
    """Return :data:`WALK_TAGS` and the keys that a study's own rules ask for."""
    return tuple(dict.fromkeys([*WALK_TAGS, *(tag_parts(tag)[0] for tag in (*access.allow, *access.forbid))]))


def merged_passage(tags: Mapping[str, object], *, access: Access = PUBLIC) -> Passage:
    """Say the same of an edge of a graph, whose tags may be lists because it merges several ways.

    One walks such an edge only if one may walk every part of it; which values stand together is not known any more, so
    that every combination must be open. An edge that does not say what it is counts as open.

    Examples
    --------
    >>> bool(merged_passage({"highway": ["footway", "motorway"]}))
    False
    """
    passages = [walking_passage(single, access=access) for single in _combinations(tags, access)]
    return Passage(all(part.forward for part in passages), all(part.backward for part in passages))


def _combinations(tags: Mapping[str, object], access: Access) -> Iterator[dict[str, str]]:
    stated = {key: _values(tags.get(key)) for key in tags_asked(access) if key != "name"}
    stated["highway"] = stated["highway"] or ["unclassified"]
    known = {key: values for key, values in stated.items() if values}
    for single in product(*known.values()):
        yield dict(zip(known, single, strict=True))


def _values(value: object) -> list[str]:
    """Return the values of a tag as texts; what tables put for a missing one (``None``, NaN) is none."""
    values = value if isinstance(value, list | tuple | set) else [value]
    return sorted(str(single) for single in values if single is not None and str(single) != "nan")
