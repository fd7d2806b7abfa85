"""The streets of a study as one walker finds them, before or after a scenario, and everybody tied to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from walkshed.inputs.units import assign_units
from walkshed.network.edits import parse_edits
from walkshed.network.entrances import entrances_after
from walkshed.network.facility_edits import edit_facilities
from walkshed.network.scenario import edit_network
from walkshed.network.slope import sample_elevation
from walkshed.network.snap import snap
from walkshed.network.ties import carry_ties
from walkshed.network.walking import weigh

if TYPE_CHECKING:
    import geopandas as gpd

    from walkshed.errors import Message
    from walkshed.network.model import WalkNetwork
    from walkshed.network.scenario import EditedNetwork
    from walkshed.network.slope import Elevation
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyInputs
    from walkshed.walkers import Profile


class Edited(NamedTuple):
    """What a scenario makes of a study's inputs.

    Attributes
    ----------
    streets
        Not weighed yet.
    elevation
        Heights along them; ``None`` without a raster.
    facilities, entrances
        Not tied yet.
    log
        What every edit did.
    """

    streets: EditedNetwork
    elevation: Elevation | None
    facilities: gpd.GeoDataFrame
    entrances: gpd.GeoDataFrame | None
    log: tuple[Message, ...]


@dataclass(frozen=True, eq=False)
class Streets:
    """The streets of one walker.

    Everybody is tied to the streets as they are without the scenario and carried over, so that a scenario which only
    adds a link makes nobody's walk longer.

    Attributes
    ----------
    today
        Streets without the scenario, weighed.
    edited
        Streets with the scenario, weighed; ``None`` where there is none.
    """

    today: WalkNetwork
    edited: EditedNetwork | None
    max_m: float
    fragment_max_m: float

    @property
    def network(self) -> WalkNetwork:
        """The streets on which is walked."""
        return self.today if self.edited is None else self.edited.network

    def tie(self, points: gpd.GeoDataFrame, entrances: gpd.GeoDataFrame | None = None) -> gpd.GeoDataFrame:
        """Tie a table to the streets; see :func:`walkshed.network.snap.snap`."""
        tied = snap(points, self.today, max_m=self.max_m, fragment_max_m=self.fragment_max_m, entrances=entrances)
        return tied if self.edited is None else carry_ties(tied, self.edited)


_weighed: WeakKeyDictionary[StudyInputs, dict[Profile, WalkNetwork]] = WeakKeyDictionary()


def edit_inputs(config: StudyConfig, inputs: StudyInputs) -> Edited | None:
    """Carry out the edits of a study's scenario; ``None`` where it has none.

    Raises
    ------
    ContractError
        If an edit lacks something or is nowhere on Earth.
    InputError
        If an edit changes nothing: it finds no such street or facility, or nothing to close, open or join.
    """
    edits = parse_edits(config.scenario.edits)
    if not edits:
        return None
    streets, rooms = edit_network(inputs.network, edits), edit_facilities(inputs.facilities, edits)
    raster = config.network.elevation
    return Edited(
        streets=streets,
        elevation=sample_elevation(streets.network, config.resolve(raster)) if raster else None,
        facilities=assign_units(rooms.table, inputs.units),
        entrances=None if inputs.entrances is None else entrances_after(inputs.entrances, edits),
        log=streets.log + rooms.log,
    )


def streets_of(
    config: StudyConfig, inputs: StudyInputs, profile: str | None = None, *, edited: Edited | None = None
) -> Streets:
    """Return the streets of one walker.

    Parameters
    ----------
    config
        The study.
    inputs
        Its inputs. Weighed once per profile.
    profile
        Name of the walker, the headline profile by default.
    edited
        The scenario, where it is to hold.
    """
    rules = config.profiles[profile or config.walking.profile]
    known = _weighed.setdefault(inputs, {})
    if rules not in known:
        known[rules] = weigh(inputs.network, rules, inputs.elevation)
    changed = None if edited is None else edited.streets
    if edited is not None and changed is not None:
        changed = changed._replace(network=weigh(changed.network, rules, edited.elevation))
    return Streets(known[rules], changed, config.network.snap_max_m, config.network.fragment_max_m)


def tie_all(inputs: StudyInputs, streets: Streets, edited: Edited | None) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return facilities and residents tied to the streets."""
    rooms, doors = (inputs.facilities, inputs.entrances)
    if edited is not None:
        rooms, doors = edited.facilities, edited.entrances
    return streets.tie(rooms, doors), streets.tie(inputs.demand, inputs.gates)


def serving_of(config: StudyConfig, facilities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the facilities that count as serving."""
    return facilities[facilities.status.isin(config.facilities.serving)].reset_index(drop=True)
