"""The 15-minute quality culture circle as Zhejiang tests it (basis F), and residents within a walking distance.

A resident passes with at least one required public venue and at least two public-good culture spaces, each within the
minutes on foot and also within the distance on foot: 1 km in towns, 1.5 km in the country. Both are routed. The minutes
are those of the walker (slopes, stairs, waits); the distance is that of the shortest way open to the walker, which may
be another way than the quickest.
"""

from __future__ import annotations

from dataclasses import replace
from math import fsum
from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.assess.coverage import require_columns
from walkshed.assess.criteria import rate_table
from walkshed.assess.units import NO_UNIT, ancestors, membership, texts
from walkshed.assess.walks import times_or_search
from walkshed.errors import InputError
from walkshed.reach.times import time_matrix

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from walkshed.assess.walks import Walks
    from walkshed.network.model import WalkNetwork
    from walkshed.norms import CircleRules

    BoolArray = NDArray[np.bool_]

FAILURES: Final = ("no_venue", "few_spaces", "no_venue_few_spaces")
"""What is missing; keys of the catalogue's ``reasons``."""
ROUNDING_M: Final = 1e-4
"""Minutes are rounded to a millionth, so that a walk of exactly the limit may come out longer by less than this."""


def measure_circle(
    network: WalkNetwork,
    facilities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    rules: CircleRules,
    cutoff_min: float,
    direction: str = "to_facility",
    units: pd.DataFrame | None = None,
    walks: Walks | None = None,
) -> gpd.GeoDataFrame:
    """Test every demand row.

    Parameters
    ----------
    network
        Walking network of the walker.
    facilities
        Serving ones with ``tier``, tied to this network.
    demand
        Residents, tied to the same network; ``unit_id`` names each row's unit.
    rules
        What is asked for.
    cutoff_min, direction, walks
        As for :func:`walkshed.assess.coverage.measure_coverage`.
    units
        Needed where ``rules.rural_units`` names units above those of the residents.

    Returns
    -------
    geopandas.GeoDataFrame
        The rows of ``demand`` with ``rural``, ``venues_within``, ``spaces_within`` (int64, facilities within both
        limits), ``passes`` and ``circle_reason`` (``""``, or one of :data:`FAILURES`).

    Raises
    ------
    SnapError
        If a table was not snapped, or to another network.
    InputError
        If no tier is named, a tier is of both kinds, or the cutoff or the direction is unusable.
    """
    require_columns(facilities, "facilities", ("tier",), step="read_facilities()")
    _check(rules)
    rural = rural_rows(demand, rules.rural_units, units)
    limit_m = np.where(rural, rules.rural_max_m, rules.urban_max_m)
    times = times_or_search(walks, network, facilities, demand, cutoff_min=cutoff_min, direction=direction)
    metres = distance_matrix(network, facilities, demand, max_m=float(limit_m.max(initial=1.0)), direction=direction)
    near = metres.copy()
    near.data = (metres.data <= limit_m[metres.indices] + ROUNDING_M).astype(np.float64)
    near.eliminate_zeros()
    timely = times.copy()
    timely.data = np.ones(len(times.data))
    both = near.multiply(timely).tocsr()
    tiers = np.array(texts(facilities, "tier"), object)
    venues, spaces = (
        np.bincount(both[np.flatnonzero(np.isin(tiers, chosen))].indices, minlength=len(demand)).astype(np.int64)
        for chosen in (list(rules.required_tiers), list(rules.space_tiers))
    )
    enough, plenty = venues >= rules.required, spaces >= rules.spaces
    reason = np.select([enough & plenty, enough, plenty], ["", "few_spaces", "no_venue"], "no_venue_few_spaces").astype(
        object
    )
    return demand.assign(
        rural=rural, venues_within=venues, spaces_within=spaces, passes=enough & plenty, circle_reason=reason
    )


def _check(rules: CircleRules) -> None:
    if (rules.required and not rules.required_tiers) or (rules.spaces and not rules.space_tiers):
        raise InputError("circle_tiers")
    both = sorted(set(rules.required_tiers) & set(rules.space_tiers))
    if both:
        raise InputError("circle_tiers_both", tiers=", ".join(both))


def rural_rows(demand: pd.DataFrame, rural_units: tuple[str, ...], units: pd.DataFrame | None = None) -> BoolArray:
    """Say which rows lie in the country: their unit, or one above it, is among ``rural_units``; (n,) bool."""
    chains: dict[str, set[str]] = {}
    if units is not None and len(units):
        ids = texts(units, "unit_id")
        chains = {unit: {ids[row] for row in chain} for unit, chain in ancestors(units).items()}
    wanted = set(rural_units)
    return np.array([bool(({key} | chains.get(key, set())) & wanted) for key in texts(demand, "unit_id")], bool)


def distance_matrix(
    network: WalkNetwork,
    sites: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    max_m: float,
    direction: str = "to_facility",
) -> csr_array:
    """Find the metres of the shortest walk between sites and demand, both legs included.

    Parameters
    ----------
    network
        What is closed in it is closed here.
    sites, demand
        Tied to it.
    max_m
        Only pairs up to so many metres.
    direction
        See :func:`walkshed.reach.times.time_matrix`.

    Returns
    -------
    scipy.sparse.csr_array
        (sites, demand) metres; only pairs within ``max_m`` are stored.
    """
    flat = network.length_m / network.meters_per_minute
    plain = replace(
        network,
        forward_min=np.where(np.isinf(network.forward_min), np.inf, flat),
        backward_min=np.where(np.isinf(network.backward_min), np.inf, flat),
    )
    cutoff = max_m / network.meters_per_minute
    metres = time_matrix(plain, sites, demand, cutoff_min=cutoff, direction=direction)
    # Minutes are rounded to a millionth: what was within the limit stays within it.
    metres.data = np.minimum(metres.data * network.meters_per_minute, max_m)
    return metres


def residents_within(
    network: WalkNetwork,
    facilities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    max_m: float = 1500.0,
    direction: str = "to_facility",
) -> gpd.GeoDataFrame:
    """Add how many residents live within a walking distance of each facility, for criteria that ask for it.

    Returns
    -------
    geopandas.GeoDataFrame
        ``facilities`` with the column ``residents_<max_m>m``, for example ``residents_1500m``; NaN where a facility is
        tied to no street. Residents near two facilities count for both.
    """
    metres = distance_matrix(network, facilities, demand, max_m=max_m, direction=direction)
    people = np.nan_to_num(demand["population"].to_numpy(np.float64))
    counts = [
        fsum(people[metres.indices[a:b]].tolist()) for a, b in zip(metres.indptr, metres.indptr[1:], strict=False)
    ]
    tied = facilities["edge"].to_numpy(np.int64) >= 0
    return facilities.assign(**{f"residents_{max_m:g}m": np.where(tied, counts, np.nan)})


def circle_rates(tested: pd.DataFrame, *, units: pd.DataFrame | None, profile: str, cutoff_min: float) -> pd.DataFrame:
    """Compute the rate on basis F: residents who pass, of all residents.

    Parameters
    ----------
    tested
        From :func:`measure_circle`.
    units, profile, cutoff_min
        As for :func:`walkshed.assess.rates.coverage_rates`.

    Returns
    -------
    pandas.DataFrame
        Rows as :func:`walkshed.assess.criteria.criteria_rates` returns them, ``unknown`` always 0.

    Raises
    ------
    InputError
        If the test has not been made.
    """
    require_columns(tested, "tested demand", ("passes", "population"), step="measure_circle()")
    people = np.nan_to_num(tested["population"].to_numpy(np.float64))
    passes = tested["passes"].to_numpy(bool)
    parts = [("", np.arange(len(tested)))]
    if units is not None and len(units):
        rows, owners = membership(tested, units)
        parts += [(unit_id, rows[owners == place]) for place, unit_id in enumerate(texts(units, "unit_id"))]
        stray = np.setdiff1d(np.arange(len(tested)), rows)
        if len(stray):
            parts.append((NO_UNIT, stray))
    counts = [
        ("F", unit_id, fsum(people[rows[passes[rows]]].tolist()), fsum(people[rows].tolist()), 0.0, "people")
        for unit_id, rows in parts
    ]
    return rate_table(counts, units=units, profile=profile, cutoff_min=cutoff_min)
