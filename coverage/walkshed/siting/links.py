"""Gates to open and footbridges to build, as candidates beside rooms."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np
import shapely

from walkshed.assess.coverage import require_columns
from walkshed.contracts import EXCHANGE_CRS
from walkshed.errors import SitingError
from walkshed.network.edits import AddFootbridge, OpenGate, OpenLink, check_edits

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from walkshed.network.edits import Edit
    from walkshed.siting.problem import SitingProblem

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

GATE_REACH_M: Final = 5.0
"""A gate that was found stands at two street ends; farther streets are not meant."""
OPENING: Final = (OpenLink, OpenGate, AddFootbridge)


@dataclass(frozen=True, kw_only=True)
class LinkCandidate:
    """A link that could be opened or built.

    Attributes
    ----------
    link_id
        Unique.
    edit
        What it does to the streets. Only what opens: nobody's walk gets longer by it.
    cost
        In the unit of the candidates' ``cost``.
    """

    link_id: str
    edit: OpenLink | OpenGate | AddFootbridge
    cost: float = 1.0

    def __post_init__(self) -> None:
        """Check kind and cost."""
        if not isinstance(self.edit, OPENING):
            raise SitingError("link_not_opening", link=self.link_id, kinds="open_link, open_gate, add_footbridge")
        if not (np.isfinite(self.cost) and self.cost >= 0):
            raise SitingError("link_cost", link=self.link_id, value=self.cost)
        check_edits([self.edit], where=self.link_id)


class LinkPairs(NamedTuple):
    """What a room serves only once a link is open.

    Attributes
    ----------
    link, candidate : (k,) int64
        Positions of the two.
    rows : csr_array (k, N)
        A stored 1 for every row, unserved today, that the candidate does not reach by itself nor the link by opening.
    """

    link: LongArray
    candidate: LongArray
    rows: csr_array


@dataclass(frozen=True, kw_only=True, eq=False)
class LinkedProblem:
    """A siting problem with links as candidates beside rooms.

    Every walk uses one of the links at most: with several of them together some walks get shorter still, so a promise
    is never too high on their account.

    Attributes
    ----------
    base
        Rooms and residents on the streets of today.
    links
        L of them.
    alone : csr_array (L, N)
        A stored 1 for every row, unserved today, that comes within reach of an existing room through the link.
    pairs
        What comes within reach of candidates.
    """

    base: SitingProblem
    links: tuple[LinkCandidate, ...]
    alone: csr_array
    pairs: LinkPairs

    def __post_init__(self) -> None:
        """Check ids and sizes."""
        check_links(self.links)
        shape, rows = (len(self.links), len(self.base.demand_ids)), self.pairs.rows.shape
        sizes = {len(self.pairs.link), len(self.pairs.candidate), rows[0]}
        if self.alone.shape != shape or len(sizes) != 1 or rows[1] != shape[1]:
            raise SitingError("links_sizes", links=shape[0], demand=shape[1])

    @property
    def link_ids(self) -> tuple[str, ...]:
        """Ids of the links, in order."""
        return tuple(link.link_id for link in self.links)

    @property
    def link_cost(self) -> FloatArray:
        """(L,) price of every link."""
        return np.array([link.cost for link in self.links], np.float64)


@dataclass(frozen=True, kw_only=True)
class LinkedAnswer:
    """Which rooms to build and which links to open, and how good that provably is.

    Attributes
    ----------
    status
        As in :class:`walkshed.siting.answer.SitingAnswer`.
    chosen
        Candidate ids of rooms.
    links
        Ids of links.
    objective
        Newly served residents, as promised: one link per walk.
    bound
        No choice promises more.
    mip_gap
        ``(bound - objective) / objective``.
    seconds
        Time taken.
    """

    status: Literal["optimal", "within_gap", "time_limit", "nothing_to_gain"]
    chosen: tuple[str, ...]
    links: tuple[str, ...]
    objective: float
    bound: float
    mip_gap: float
    seconds: float


def make_link_candidates(
    found: gpd.GeoDataFrame | None = None,
    *,
    edits: Sequence[Edit] = (),
    edit_costs: Sequence[float] | None = None,
    gate_cost: float = 1.0,
    bridge_cost: float = 1.0,
    bridge_cost_per_m: float = 0.0,
) -> tuple[LinkCandidate, ...]:
    """Make candidates of barrier gaps and of the user's own edits.

    Parameters
    ----------
    found
        From :func:`walkshed.assess.barriers.find_links`: gates become :class:`~walkshed.network.edits.OpenGate`, links
        :class:`~walkshed.network.edits.AddFootbridge`; ids ``link-1`` and so on by rank.
    edits
        Gates to open, footbridges to build, closed streets to open. Their id is their name, ``edit-1`` and so on where
        they have none.
    edit_costs
        Price of each edit; default 1.
    gate_cost, bridge_cost, bridge_cost_per_m
        Prices of what was found: of a gate, and of a footbridge beside its price per metre.

    Returns
    -------
    tuple of LinkCandidate
        The user's own first.

    Raises
    ------
    SitingError
        If an edit does not open anything, ids repeat or prices are unusable.
    ContractError
        If an edit lacks something.
    InputError
        If ``found`` lacks a column.
    """
    prices = [1.0] * len(edits) if edit_costs is None else [float(cost) for cost in edit_costs]
    if len(prices) != len(edits):
        raise SitingError("link_costs", costs=len(prices), edits=len(edits))
    links: list[LinkCandidate] = []
    for number, (edit, cost) in enumerate(zip(edits, prices, strict=True), start=1):
        name = str(getattr(edit, "name", "")) or f"edit-{number}"
        if not isinstance(edit, OPENING):
            raise SitingError("link_not_opening", link=name, kinds="open_link, open_gate, add_footbridge")
        links.append(LinkCandidate(link_id=name, edit=replace(edit, name=name), cost=cost))
    if found is not None:
        require_columns(found, "links", ("rank", "kind", "length_m", "geometry"), step="find_links()")
        lines = found.geometry.to_crs(EXCHANGE_CRS)
        for rank, kind, length, line in zip(found["rank"], found["kind"], found["length_m"], lines, strict=True):
            name = f"link-{int(rank)}"
            if kind == "gate":
                links.append(LinkCandidate(link_id=name, edit=_gate(name, line), cost=gate_cost))
            else:
                bridge = AddFootbridge(name=name, line=tuple((float(x), float(y)) for x, y in line.coords))
                price = bridge_cost + bridge_cost_per_m * float(length)
                links.append(LinkCandidate(link_id=name, edit=bridge, cost=price))
    check_links(links)
    return tuple(links)


def check_links(links: Sequence[LinkCandidate]) -> None:
    """Refuse ids that stand more than once.

    Raises
    ------
    SitingError
        With the ids.
    """
    repeated = [key for key, count in Counter(link.link_id for link in links).items() if count > 1]
    if repeated:
        raise SitingError("ids_repeated", table="links", count=len(repeated), ids=", ".join(repeated[:5]))


def _gate(name: str, line: shapely.Geometry) -> OpenGate:
    middle = shapely.get_coordinates(line).mean(axis=0)
    return OpenGate(name=name, at=(float(middle[0]), float(middle[1])), reach_m=GATE_REACH_M)
