"""A small district drawn by hand, with its result worked out by hand: nothing of the other rooms is needed to check
this one.

Streets are a grid of 250 m, so that a walk is the sum of the steps east and north; everything walks 4.2 km/h.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse import csr_array

from walkshed.assess.barriers import find_links
from walkshed.assess.catchments import allot_residents, measure_catchments
from walkshed.assess.curve import coverage_curve
from walkshed.assess.equity import measure_equity
from walkshed.errors import Message
from walkshed.network.snap import snap
from walkshed.parameters import About, Report, StudyConfig
from walkshed.results import InputRecord, Measures, Norms, Plan, StudyInputs, StudyResult
from walkshed.siting.answer import SitingAnswer
from walkshed.siting.curve import rooms_curve
from walkshed.siting.explain import Explanations, explain_proposals
from walkshed.siting.phases import plan_phases
from walkshed.siting.problem import SitingProblem
from walkshed.siting.requirements import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from walkshed.network.model import WalkNetwork

COLUMNS, ROWS, BLOCK_M = 14, 9, 250.0
METERS_PER_MINUTE = 70.0
CUTOFFS = (5.0, 10.0, 15.0)
CRS = "EPSG:32650"
CORNER = (500_000.0, 4_400_000.0)
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "书" * 2000,
    "غرفة القراءة",
    "📚阅览室🏠",
    "=1+1",
    "$\\frac{a}$ $x",
    "`${alert(3)}` 'quoted' \"twice\" \\ \u2028 &lt;b&gt;",
    "@SUM(A1)\n second line",
)


def ground(x: float, y: float) -> tuple[float, float]:
    return CORNER[0] + x, CORNER[1] + y


def degrees(shapes: Sequence[Any]) -> gpd.GeoSeries:
    """Shapes in metres from the corner, in EPSG:4326."""
    moved = [None if shape is None else shapely.transform(shape, lambda xy: xy + np.array(CORNER)) for shape in shapes]
    return gpd.GeoSeries(moved, crs=CRS).to_crs(4326)


def table(columns: dict[str, Any], shapes: Sequence[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry=degrees(shapes))


def edge_of_row(column: int, row: int) -> int:
    """Number of the street from a corner to its neighbour in the east."""
    return row * (COLUMNS - 1) + column


def street_walk(x: float, y: float, home_x: float, home_y: float) -> float:
    """Metres along the grid between a corner (x, y) and a place on a street that runs east."""
    west, east = np.floor(home_x / BLOCK_M) * BLOCK_M, np.ceil(home_x / BLOCK_M) * BLOCK_M
    if y == home_y:
        return abs(home_x - x)
    return abs(home_y - y) + min(abs(x - west) + home_x - west, abs(x - east) + east - home_x)


def draw_homes() -> pd.DataFrame:
    """About two hundred houses along the streets that run east, with their place on the street."""
    rng = np.random.default_rng(7)
    homes = []
    for row in range(ROWS):
        for column in range(COLUMNS - 1):
            if rng.random() < 0.08:
                continue
            for side in (-1, 1):
                if rng.random() < 0.1:
                    continue
                fraction = float(rng.uniform(0.2, 0.8))
                homes.append(
                    {
                        "x": (column + fraction) * BLOCK_M,
                        "y": row * BLOCK_M,
                        "side": side,
                        "edge": edge_of_row(column, row),
                        "fraction": fraction,
                        "access_m": 30.0,
                        "population": float(rng.integers(20, 400)),
                        "wide": float(rng.uniform(20, 60)),
                        "deep": float(rng.uniform(12, 26)),
                    }
                )
    drawn = pd.DataFrame(homes)
    drawn["outline"] = [outline(home) for home in drawn.itertuples()]
    # a house is tied to the street where its representative point is, which a courtyard moves aside
    point = shapely.point_on_surface(drawn["outline"].to_numpy())
    drawn["x"], drawn["access_m"] = shapely.get_x(point), np.abs(shapely.get_y(point) - drawn["y"])
    drawn["fraction"] = drawn["x"] / BLOCK_M % 1
    return drawn


def outline(home: Any) -> shapely.Polygon:
    x, y = home.x, home.y + home.side * home.access_m
    box = shapely.box(x - home.wide / 2, y - home.deep / 2, x + home.wide / 2, y + home.deep / 2)
    if home.wide > 50:
        box -= shapely.box(x - home.wide / 8, y - home.deep / 5, x + home.wide / 3, y + home.deep / 5)
    return box


def diamond(x: float, y: float, metres: float) -> shapely.Polygon:
    corners = [(x + metres, y), (x, y + metres), (x - metres, y), (x, y - metres)]
    return shapely.Polygon(corners).intersection(
        shapely.box(-60, -60, (COLUMNS - 1) * BLOCK_M + 60, (ROWS - 1) * BLOCK_M + 60)
    )


def build_result(make_network: Callable[..., WalkNetwork]) -> StudyResult:
    nodes = [(column * BLOCK_M, row * BLOCK_M) for row in range(ROWS) for column in range(COLUMNS)]
    edges = [
        (row * COLUMNS + column, row * COLUMNS + column + 1) for row in range(ROWS) for column in range(COLUMNS - 1)
    ]
    edges += [
        ((row) * COLUMNS + column, (row + 1) * COLUMNS + column) for row in range(ROWS - 1) for column in range(COLUMNS)
    ]
    plain = make_network(nodes, edges, speed_kmh=4.2)
    network = dataclasses.replace(
        plain,
        name_code=np.where(np.arange(len(edges)) % 3 == 0, 0, -1).astype(np.int32),
        names=("文昌路",),
    )

    homes = draw_homes()
    open_at, building_at, planned_at = (500.0, 750.0), (2750.0, 1750.0), (2500.0, 250.0)
    metres = np.array([street_walk(*open_at, home.x, home.y) for home in homes.itertuples()])
    minutes = (metres + homes["access_m"].to_numpy()) / METERS_PER_MINUTE
    covered = minutes <= 15
    people = homes["population"].to_numpy()
    unit = np.where(homes["x"] < 1600, "500106017", "500106016")

    snapped = {"component": 0, "snapped": True, "why": "", "moved": False}
    demand = table(
        {
            "demand_id": [f"h{i}" for i in range(len(homes))],
            "kind": "building",
            "name": ["翠湖苑" if i % 40 == 0 else "" for i in range(len(homes))],
            "population": people,
            "area_m2": homes["wide"] * homes["deep"],
            "unit_id": unit,
            "edge": homes["edge"].astype("int64"),
            "fraction": homes["fraction"],
            "access_m": homes["access_m"],
            **snapped,
            "minutes": minutes,
            "facility_id": "f1",
            "within_reach": covered.astype("int64"),
            "covered": covered,
            "reason": np.where(covered, "", "too_far"),
        },
        homes["outline"].tolist(),
    )
    facilities = table(
        {
            "facility_id": ["f1", "f2", "f3", "f4"],
            "name": ["西永智慧书房", "大学城中央公园书房", "曾家书房", "走马书房"],
            "status": ["open", "building", "planned", "open"],
            "tier": ["街道", "社区", "社区", ""],
            "capacity": [80.0, 60.0, np.nan, np.nan],
            "opening_hours": ["24/7", "", "", ""],
            "unit_id": ["500106017", "500106016", "500106016", "500106017"],
            "position_quality": ["B", "C", "C", "D"],
            "source": "示例名录",
            "edge": [edge_of_row(2, 3), edge_of_row(11, 7), edge_of_row(10, 1), -1],
            "fraction": [0.0, 0.0, 0.0, np.nan],
            "access_m": [0.0, 0.0, 0.0, np.nan],
            "component": [0, 0, 0, -1],
            "snapped": [True, True, True, False],
            "why": ["", "", "", "no_position"],
            "moved": False,
        },
        [shapely.Point(open_at), shapely.Point(building_at), shapely.Point(planned_at), None],
    )

    sites = [(column, row) for column in range(COLUMNS - 1) for row in range(ROWS) if row * (COLUMNS - 1) < 10_000]
    candidates = table(
        {
            "candidate_id": [f"c{i}" for i in range(len(sites))],
            "place": [f"文昌路与第 {row + 1} 大街路口东 {column * 250} 米" for column, row in sites],
            "edge": [edge_of_row(column, row) for column, row in sites],
            "fraction": 0.0,
            "access_m": 0.0,
            **snapped,
        },
        [shapely.Point(column * BLOCK_M, row * BLOCK_M) for column, row in sites],
    )
    reach = np.array(
        [
            [
                street_walk(column * BLOCK_M, row * BLOCK_M, home.x, home.y) + home.access_m <= 15 * METERS_PER_MINUTE
                for home in homes.itertuples()
            ]
            for column, row in sites
        ]
    )
    chosen, gains, waiting = [], [], ~covered
    for _ in range(3):
        gain = (reach & waiting) @ people
        best = int(np.argmax(gain))
        chosen.append(best)
        gains.append(float(gain[best]))
        waiting &= ~reach[best]
    total = float(people.sum())
    proposals = table(
        {
            "rank": [1, 2, 3],
            "candidate_id": [f"c{i}" for i in chosen],
            "place": candidates["place"].iloc[chosen].tolist(),
            "newly_served": gains,
            "cumulative_served": np.cumsum(gains),
            "cumulative_rate": (np.cumsum(gains) + people[covered].sum()) / total,
            "unit_id": "500106016",
        },
        [shapely.Point(sites[i][0] * BLOCK_M, sites[i][1] * BLOCK_M) for i in chosen],
    )

    east = shapely.box(1600, -100, (COLUMNS - 1) * BLOCK_M + 100, (ROWS - 1) * BLOCK_M + 100)
    west = shapely.box(-100, -100, 1600, (ROWS - 1) * BLOCK_M + 100)
    rim = homes[~covered]
    clusters = shapely.union_all([shapely.Point(home.x, home.y).buffer(140) for home in rim.itertuples()])
    parts = sorted(shapely.get_parts(clusters), key=lambda part: -part.area)[:4]
    inside = [[part.covers(shapely.Point(home.x, home.y)) for home in rim.itertuples()] for part in parts]
    residents = [float(rim["population"].to_numpy()[mask].sum()) for mask in np.array(inside)]
    gaps = table(
        {
            "gap_id": [f"gap-{i + 1}" for i in range(len(parts))],
            "rank": np.arange(1, len(parts) + 1),
            "residents": residents,
            "areas": [int(np.sum(mask)) for mask in inside],
            "minutes": [24.3, *[np.nan] * (len(parts) - 1)],
            "reason": "too_far",
            "unit_id": "500106016",
            "unit_name": "虎溪街道",
            "place": "文昌路以东",
        },
        parts,
    )
    shapes, keys = [], []
    for key in ("", "f1"):
        for cutoff in CUTOFFS:
            keys.append((key, cutoff))
            shapes.append(diamond(*open_at, cutoff * METERS_PER_MINUTE))
    isochrones = table({"facility_id": [key for key, _ in keys], "cutoff_min": [cutoff for _, cutoff in keys]}, shapes)

    units = table(
        {
            "unit_id": ["500106017", "500106016"],
            "name": ["西永街道", "虎溪街道"],
            "level": "街道",
            "parent_id": "500106",
            "population": [30_000.0, np.nan],
        },
        [west, east],
    )
    river = shapely.LineString([(-900, 1300), (700, 1420), (1900, 1120), (4300, 1380)]).buffer(60)
    backdrop = table(
        {"layer": ["water", "green", "green"]},
        [river, shapely.Point(2100, 1600).buffer(170), shapely.box(270, 270, 730, 480)],
    )
    records = (
        InputRecord(layer="network", source="district.osm.pbf", sha256="ab" * 32, count=len(edges), rejected=0),
        InputRecord(layer="facilities", source="rooms.csv", sha256="cd" * 32, count=4, rejected=2),
        InputRecord(layer="demand", source="district.osm.pbf", sha256="ab" * 32, count=len(homes), rejected=0),
    )
    rejects = pd.DataFrame(
        {
            "layer": "facilities",
            "file": "rooms.csv",
            "line": pd.array([7, pd.NA], dtype="Int64"),
            "row_id": ["f9", ""],
            "reason": ["position_unreadable", "duplicate_id"],
            "detail": ["lng=1o6.3", ""],
        }
    )
    config = StudyConfig(
        study=About(
            id="district",
            title_en="Reading rooms within a 15-minute walk",
            title_zh="示范区阅览室十五分钟步行覆盖与选址建议",
            data_date="2026-10",
        ),
        report=Report(author_unit="示范区规划和自然资源局", sources=("示例阅览室名录",)),
    )
    answer = SitingAnswer(
        model="mclp",
        status="optimal",
        chosen=tuple(proposals["candidate_id"]),
        objective=float(sum(gains)),
        bound=float(sum(gains)),
        mip_gap=0.0,
        seconds=0.25,
    )
    walks = np.array(
        [
            [
                street_walk(point.x - CORNER[0], point.y - CORNER[1], home.x, home.y) + home.access_m
                for home in homes.itertuples()
            ]
            for point in candidates.geometry.to_crs(CRS)
        ]
    )
    plan = plan_of(candidates, demand, answer, np.where(reach, walks / METERS_PER_MINUTE, np.nan))
    assert plan.explanations.proposals["newly_served"].tolist() == gains, "the explanation counts as the hand does"
    more = plan.explanations.proposals.drop(columns=proposals.columns)
    proposals = proposals.assign(**{name: more[name].to_numpy() for name in more.columns})
    return StudyResult(
        config=config,
        network=network,
        inputs=StudyInputs(
            boundary=table({"name": ["示范区"]}, [shapely.union_all([west, east])]),
            units=units,
            facilities=facilities.iloc[:, :9].assign(geometry=facilities.geometry),
            demand=demand.iloc[:, :6].assign(geometry=demand.geometry),
            network=network,
            backdrop=backdrop,
            places=table({"name": ["文昌路"]}, [shapely.Point(900, 900)]),
            candidates={},
            rejects=rejects,
            records=records,
        ),
        facilities=facilities,
        demand=demand,
        isochrones=isochrones,
        rates=build_rates(people, covered, unit),
        gaps=gaps.assign(barred=gaps["residents"], barrier=True),
        candidates=candidates,
        proposals=proposals,
        siting=answer,
        plan=plan,
        measures=measures_of(network, facilities[facilities["status"] == "open"], demand),
        norms=norms_of(facilities[facilities["status"] == "open"]),
        gap_ids=pd.Series("", index=demand.index, dtype=object),
        disagreement=0.0123,
        notes=(Message("notes.rejects", {"count": 2}), Message("notes.unlocated", {"count": 1, "names": "走马书房"})),
        seconds={"load": 1.5, "minutes": 0.1},
    )


def plan_of(candidates: gpd.GeoDataFrame, demand: gpd.GeoDataFrame, answer: SitingAnswer, walks: np.ndarray) -> Plan:
    """A plan as a study makes it, from walks (candidates x homes, minutes, NaN beyond 15) worked out by hand."""
    reached = ~np.isnan(walks)
    rows, columns = np.nonzero(reached)
    places = candidates.geometry.to_crs(CRS)
    problem = SitingProblem(
        candidate_ids=tuple(candidates["candidate_id"]),
        demand_ids=tuple(demand["demand_id"]),
        population=demand["population"].to_numpy(float),
        minutes=csr_array((walks[reached], (rows, columns)), shape=walks.shape),
        cutoff_min=15.0,
        horizon_min=15.0,
        minutes_today=np.where(demand["covered"], demand["minutes"], np.inf),
        within_today=demand["covered"].to_numpy(int),
        place_m=np.column_stack([places.x, places.y]),
    )
    return Plan(
        candidates=candidates,
        left_out=pd.DataFrame({"reason": ["candidate_in_water"]}),
        problem=problem,
        requirements=NOTHING,
        answer=answer,
        explanations=explain_proposals(problem, answer, candidates, demand),
        curve=rooms_curve(problem, rooms_max=4),
        phases=plan_phases(problem, rooms_by_phase=(1, 2)).table,
    )


def measures_of(network: WalkNetwork, serving: gpd.GeoDataFrame, demand: gpd.GeoDataFrame) -> Measures:
    """Return what the real functions say of the drawn town."""
    load = allot_residents(network, serving, demand, cutoff_min=15)
    variants = {"as_is": 0.5, "slower": 0.4, "faster": 0.6, "snap_near": 0.45, "snap_far": 0.5}
    return Measures(
        curve=coverage_curve(demand),
        catchments=measure_catchments(network, serving, demand, cutoff_min=15),
        load=load.facilities,
        full=float(load.full.sum()),
        equity=measure_equity(demand),
        links=find_links(network, serving, demand, cutoff_min=15),
        barred=0.0,
        accessibility=pd.DataFrame({"demand_id": demand["demand_id"], "places_per_1000": 0.0, "no_room": load.full}),
        range=pd.DataFrame(
            [(name, rate * 100, 100.0, rate) for name, rate in variants.items()],
            columns=["variant", "served", "denominator", "rate"],
        ),
    )


def norms_of(serving: gpd.GeoDataFrame) -> Norms:
    """Return a norm that one room meets, nothing being known of the other, and hours at which one is open."""
    met = [True, None][: len(serving)]
    summary = pd.DataFrame(
        {"facility_id": serving["facility_id"].tolist(), "met_all": met, "failing": "", "unknown": ""}
    )
    hourly = pd.DataFrame({"hour": range(168), "served": 10.0, "denominator": 100.0, "rate": 0.1, "open_facilities": 1})
    return Norms(
        hours=pd.DataFrame(columns=["facility_id", "name", "opening_hours", "reason", "part"]),
        hourly=hourly,
        night=None,
        criteria=summary.astype({"met_all": "boolean", "failing": "str", "unknown": "str"}),
        failing=None,
        duplicates=pd.DataFrame(),
        failing_units=pd.DataFrame(),
        rates=pd.DataFrame(),
    )


def build_rates(people: np.ndarray, covered: np.ndarray, unit: np.ndarray) -> pd.DataFrame:
    rows = []
    units = {"": "", "500106017": "西永街道", "500106016": "虎溪街道"}
    for profile, share in (("adult", 1.0), ("senior", 0.7)):
        for cutoff in (15.0, 5.0, 10.0):
            for key, name in units.items():
                here = np.full(len(people), fill_value=True) if key == "" else unit == key
                for basis, quantity, weights in (
                    ("E", "people", people),
                    ("E_buildings", "buildings", np.ones(len(people))),
                ):
                    top = float(np.floor(weights[here & covered].sum() * share * cutoff / 15))
                    bottom = float(weights[here].sum())
                    rows.append((basis, key, name, profile, cutoff, top, bottom, top / bottom, quantity))
            rows.append(("A", "", "", profile, cutoff, 1.0, 2.0, 0.5, "units"))
            rows.append(("C", "", "", profile, cutoff, 0.0, 0.0, np.nan, "m2"))
    names = ["basis", "unit_id", "unit_name", "profile", "cutoff_min", "numerator", "denominator", "rate", "quantity"]
    return pd.DataFrame(rows, columns=names)


def hostile_names(frame: gpd.GeoDataFrame, *columns: str) -> gpd.GeoDataFrame:
    changed = frame.copy()
    for shift, column in enumerate(columns):
        changed[column] = [HOSTILE[(i + shift) % len(HOSTILE)] for i in range(len(frame))]
    return changed


@pytest.fixture(scope="session")
def hostile_texts() -> tuple[str, ...]:
    return HOSTILE


@pytest.fixture(scope="session")
def result(make_network: Callable[..., WalkNetwork]) -> StudyResult:
    """The district as it should be."""
    return build_result(make_network)


@pytest.fixture(scope="session")
def hostile(result: StudyResult) -> StudyResult:
    """The same district with names that want to be code, formulas or a page of text."""
    units = hostile_names(result.inputs.units, "name")
    rejects = result.inputs.rejects.assign(detail=HOSTILE[:2], file="=cmd()|x.csv")
    rates = result.rates.assign(unit_name=np.where(result.rates["unit_id"] == "", "", HOSTILE[0]))
    seen = result.facilities
    many = pd.concat([seen.iloc[[0]]] * len(HOSTILE) + [seen.iloc[1:]], ignore_index=True)
    spread = [
        None if point is None else shapely.Point(point.x + 0.002 * i, point.y + 0.001 * i)
        for i, point in enumerate(many.geometry)
    ]
    many = many.set_geometry(gpd.GeoSeries(spread, crs=4326)).assign(
        facility_id=[f"f{i + 1}" for i in range(len(many))]
    )
    many = snap(many, result.network, max_m=3000.0)
    return dataclasses.replace(
        result,
        config=dataclasses.replace(
            result.config,
            study=About(id="district", title_en=HOSTILE[0] + HOSTILE[2], title_zh=HOSTILE[1] + HOSTILE[7] + "示范区"),
            report=Report(author_unit=HOSTILE[0], sources=(HOSTILE[0], HOSTILE[2]), map_approval_number=HOSTILE[7]),
        ),
        inputs=dataclasses.replace(result.inputs, units=units, rejects=rejects),
        facilities=hostile_names(many, "name", "opening_hours", "source"),
        demand=hostile_names(result.demand, "name"),
        gaps=hostile_names(result.gaps, "place", "unit_name"),
        proposals=hostile_names(result.proposals, "place"),
        candidates=hostile_names(result.candidates, "place"),
        plan=dataclasses.replace(
            result.plan,
            explanations=dataclasses.replace(
                result.plan.explanations,
                alternatives=hostile_names(result.plan.explanations.alternatives, "place"),
                by_unit=hostile_names(result.plan.explanations.by_unit, "unit_name"),
            ),
        ),
        rates=rates,
        notes=(Message("notes.unlocated", {"count": 1, "names": "".join(HOSTILE)}),),
    )


@pytest.fixture(scope="session")
def bare(result: StudyResult) -> StudyResult:
    """A district in which there is next to nothing: no room serves, no unit, no gap, no proposal."""
    nobody = result.demand.assign(minutes=np.nan, facility_id="", within=0, covered=False, reason="no_facility")
    empty = result.isochrones.iloc[:3].copy()
    empty["geometry"] = [shapely.MultiPolygon()] * 3
    return dataclasses.replace(
        result,
        inputs=dataclasses.replace(
            result.inputs,
            units=result.inputs.units.iloc[:0],
            backdrop=result.inputs.backdrop.iloc[:0],
            rejects=result.inputs.rejects.iloc[:0],
        ),
        facilities=result.facilities.iloc[3:].reset_index(drop=True),
        demand=nobody,
        isochrones=empty,
        rates=result.rates.iloc[:0],
        gaps=result.gaps.iloc[:0],
        candidates=result.candidates.iloc[:0],
        proposals=result.proposals.iloc[:0],
        plan=dataclasses.replace(
            result.plan,
            candidates=result.candidates.iloc[:0],
            curve=None,
            phases=None,
            explanations=Explanations(
                proposals=result.proposals.iloc[:0],
                by_unit=result.plan.explanations.by_unit.iloc[:0],
                by_gap=result.plan.explanations.by_gap.iloc[:0],
                alternatives=result.plan.explanations.alternatives.iloc[:0],
                nearby_m=500.0,
            ),
        ),
        siting=SitingAnswer(
            model="mclp",
            status="nothing_to_gain",
            chosen=(),
            objective=0.0,
            bound=0.0,
            mip_gap=float("nan"),
            seconds=0.0,
        ),
        disagreement=float("nan"),
        notes=(),
    )


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser; absent, its tests are skipped, unless WALKSHED_REQUIRE_BROWSER=1 forbids that."""
    path = Path("/usr/bin/chromium")
    if not path.exists():
        if os.environ.get("WALKSHED_REQUIRE_BROWSER") == "1":
            pytest.fail("WALKSHED_REQUIRE_BROWSER=1, and there is no /usr/bin/chromium")
        pytest.skip("no /usr/bin/chromium on this machine")
    return path
