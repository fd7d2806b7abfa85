"""What a study is made of and what it found out, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from walkshed.assess.walks import Walks
    from walkshed.errors import Message
    from walkshed.network.model import WalkNetwork
    from walkshed.network.slope import Elevation
    from walkshed.parameters import StudyConfig
    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.explain import Explanations
    from walkshed.siting.links import LinkCandidate, LinkedAnswer
    from walkshed.siting.links_measure import LinkedOutcome
    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements
    from walkshed.siting.robust import Robustness


@dataclass(frozen=True, kw_only=True)
class InputRecord:
    """One input of a study, for the record.

    Attributes
    ----------
    layer
        ``"boundary"``, ``"network"``, ``"elevation"``, ``"raster"``, ``"facilities"``,
        ``"demand"``, ``"units"``, ``"candidates"``, ``"entrances"``, ``"gates"``,
        ``"denominators"`` or ``"names"``.
    source
        File name or service.
    sha256
        Of the file; empty where there is none.
    count
        Rows accepted; edges of the network, heights of the elevation.
    rejected
        Rows rejected.
    """

    layer: str
    source: str
    sha256: str
    count: int
    rejected: int


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyInputs:
    """Valid tables and the network of a study; how the study is computed from them is not in here.

    Attributes
    ----------
    boundary, units, facilities, demand
        Tables by :mod:`walkshed.contracts`, EPSG:4326. Demand lies inside the boundary, facilities may lie beyond it.
    network
        As built, flat and without stairs' toll; :func:`walkshed.study.streets.streets_of` weighs it for a walker.
    elevation
        Heights along the network; ``None`` without a raster.
    entrances, gates
        Entrances of facilities and gates of residential areas, where the study names them.
    denominators
        Official denominators by unit and basis; ``None`` where all are counted.
    names
        Names that a document mentions, to look for among the facilities; ``None`` without a list.
    unplaced
        People of unit totals or of a raster who are in no row of ``demand``, with the reason.
    estimate
        ``demand`` with the residents as estimated, where another source then said how many they are.
    notes
        What a reader must know about the inputs.
    backdrop
        Water and green areas for drawing.
    places
        Named places, to say where something is.
    candidates
        Places that a file or OpenStreetMap lists, by the name of that source; others are generated along the streets.
    exclusions
        Land on which no room can be built; ``None`` where none is known.
    rejects
        Every row that was not used, with its reason.
    records
        Where everything came from.
    """

    boundary: gpd.GeoDataFrame
    units: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    network: WalkNetwork
    backdrop: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    candidates: Mapping[str, gpd.GeoDataFrame]
    rejects: pd.DataFrame
    records: tuple[InputRecord, ...]
    exclusions: gpd.GeoDataFrame | None = None
    elevation: Elevation | None = None
    entrances: gpd.GeoDataFrame | None = None
    gates: gpd.GeoDataFrame | None = None
    denominators: pd.DataFrame | None = None
    names: pd.DataFrame | None = None
    unplaced: pd.DataFrame | None = None
    estimate: gpd.GeoDataFrame | None = None
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Assessment:
    """Who is served. Geometry in EPSG:4326; the tables are not to be changed.

    Attributes
    ----------
    network
        Streets weighed for the headline profile.
    facilities
        All facilities, snapped.
    demand
        Residents with minutes, nearest facility, covered and reason, at the headline profile and cutoff.
    isochrones
        Per serving facility and cutoff, and merged (``facility_id`` empty) per cutoff.
    rates
        Every basis the data supports, by unit, profile and cutoff.
    gaps
        Contiguous unserved residents, most residents first, with those that a barrier makes marked.
    gap_ids
        Gap of every row of ``demand``, ``""`` where it is served.
    disagreement
        Share of residents on whom the drawn isochrone and the routed minutes disagree.
    walks
        Those between the serving facilities and ``demand`` within the headline cutoff, from which all further measures
        are counted; ``None`` where they are to be searched again.
    """

    network: WalkNetwork
    facilities: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    isochrones: gpd.GeoDataFrame
    rates: pd.DataFrame
    gaps: gpd.GeoDataFrame
    gap_ids: pd.Series[str]
    disagreement: float
    walks: Walks | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Measures:
    """What else there is to say about who is served, beside rates and gaps; the tables are not to be changed.

    Attributes
    ----------
    curve
        Residents served within 0, 1, 2 ... 30 minutes, by group: :func:`walkshed.assess.curve.coverage_curve`.
    catchments
        What every serving facility contributes: :func:`walkshed.assess.catchments.measure_catchments`.
    load
        Residents allotted to facilities by capacity: :func:`walkshed.assess.catchments.allot_residents`.
    full
        Residents within reach of facilities that are all full.
    equity
        Minutes shared out, by group: :func:`walkshed.assess.equity.measure_equity`.
    links
        Links and gates whose opening would serve most: :func:`walkshed.assess.barriers.find_links`.
    barred
        Unserved residents who live near a facility as the crow flies.
    accessibility
        ``demand_id``, ``places_per_1000``: capacity around every row for a thousand residents, two-step floating
        catchment areas (:func:`walkshed.assess.catchments.two_step_floating_catchment`), and ``no_room``: residents
        within reach of facilities that are all full.
    range
        The headline rate under other assumptions: :func:`walkshed.study.uncertainty.headline_range`.
    """

    curve: pd.DataFrame
    catchments: pd.DataFrame
    load: pd.DataFrame
    full: float
    equity: pd.DataFrame
    links: gpd.GeoDataFrame
    barred: float
    accessibility: pd.DataFrame
    range: pd.DataFrame


@dataclass(frozen=True, kw_only=True, eq=False)
class Norms:
    """What a study says by hour, by group, by tier, and against norms; the tables are not to be changed.

    Attributes
    ----------
    hours
        Serving facilities whose opening hours are not understood, with the reason.
    hourly, night
        Residents served at every hour of the week, and by the rooms that never close
        (:mod:`walkshed.assess.hours`); ``None`` where no hours are known.
    criteria, failing
        Facilities against the norm, and what fails (:mod:`walkshed.assess.criteria`); ``None`` without a norm.
    duplicates
        Facilities that may be one place under two names (:func:`walkshed.inputs.aliases.find_duplicates`).
    failing_units
        Units below the target at the headline profile and cutoff (:func:`walkshed.assess.rollup.failing_units`).
    rates
        As :attr:`Assessment.rates`: by group and tier, on bases B and F, at one hour, and A level by level.
    available, unserved_then, gaps_then
        Every row of ``demand``, the residents by reason, and the gaps, told again for the hour that the study chooses
        and the capacity it knows (:mod:`walkshed.assess.availability`); ``None`` where there is neither.
    names
        The names of the study's list against its facilities (:func:`walkshed.inputs.name_lists.check_names`); ``None``
        without a list.
    totals
        Given totals against counted ones (:func:`walkshed.assess.totals.totals_given`); ``None`` where none are given.
    notes
        What a reader must know.
    """

    hours: pd.DataFrame
    hourly: pd.DataFrame | None
    night: pd.DataFrame | None
    criteria: pd.DataFrame | None
    failing: pd.DataFrame | None
    duplicates: pd.DataFrame
    failing_units: pd.DataFrame
    rates: pd.DataFrame
    available: pd.DataFrame | None = None
    unserved_then: pd.DataFrame | None = None
    gaps_then: gpd.GeoDataFrame | None = None
    names: pd.DataFrame | None = None
    totals: pd.DataFrame | None = None
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class LinkedPlan:
    """Rooms and links proposed together.

    Attributes
    ----------
    links
        The links there were to choose from.
    answer
        Rooms and links chosen, with their bound.
    outcome
        What is true once they are built.
    """

    links: tuple[LinkCandidate, ...]
    answer: LinkedAnswer
    outcome: LinkedOutcome


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """Where to build next, and what there is to say about it; the tables are not to be changed.

    Attributes
    ----------
    candidates
        Where rooms could stand, tied to the streets.
    left_out
        Places that are no candidates, with the reason.
    problem, requirements, answer
        What was asked and what the solver found.
    explanations
        Why each room is proposed (:func:`walkshed.siting.explain.explain_proposals`).
    curve
        Coverage against the number of rooms (:func:`walkshed.siting.curve.rooms_curve`); ``None`` where none was asked
        for.
    phases
        Which room in which phase (:func:`walkshed.siting.phases.plan_phases`); ``None`` without phases.
    robustness
        How often the sites stay chosen under other assumptions (:func:`walkshed.siting.robust.robustness`); ``None``
        where it was not asked for.
    linked
        Rooms and links proposed together (:func:`walkshed.study.links.plan_links`); ``None`` where no link may be
        built.
    """

    candidates: gpd.GeoDataFrame
    left_out: pd.DataFrame
    problem: SitingProblem
    requirements: Requirements
    answer: SitingAnswer
    explanations: Explanations
    curve: pd.DataFrame | None = None
    phases: pd.DataFrame | None = None
    robustness: Robustness | None = None
    linked: LinkedPlan | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Survey(Assessment):
    """All that a study says about today: :class:`Assessment`, measures and norms, without any proposal.

    Attributes
    ----------
    config, inputs
        What it was computed from.
    measures
        Curve, catchments, load, equity, links, range.
    norms
        By hour, group and tier, and against norms.
    before
        The same without the scenario's edits, row for row; ``None`` where there is no scenario.
    notes
        What a reader must know.
    seconds
        Wall time per stage.
    """

    config: StudyConfig
    inputs: StudyInputs
    measures: Measures
    norms: Norms
    before: Assessment | None = None
    notes: tuple[Message, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyResult(Survey):
    """Everything a study found out: :class:`Survey`, and where to build next.

    Attributes
    ----------
    candidates, siting, proposals
        Where rooms could stand, the solver's answer, the rooms proposed in build order.
    plan
        The same and what else there is to say about it.
    """

    candidates: gpd.GeoDataFrame
    proposals: gpd.GeoDataFrame
    siting: SitingAnswer
    plan: Plan
