"""The same siting question under other assumptions: another pace, residents from another source."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from walkshed.assess.coverage import measure_coverage
from walkshed.errors import SitingError
from walkshed.network.build import with_speed
from walkshed.siting.build import build_problem

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from walkshed.network.model import WalkNetwork
    from walkshed.siting.problem import SitingProblem

PACE: Final = 0.1
SLOWER, FASTER, POPULATION = "slower", "faster", "population"


def problem_variants(
    network: WalkNetwork,
    candidates: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
    pace: float = PACE,
    other_demand: gpd.GeoDataFrame | None = None,
    **how: Any,  # noqa: ANN401 - what build_problem takes
) -> dict[str, Callable[[], SitingProblem]]:
    """Return functions that build the problem under other assumptions, each changed by itself.

    Parameters
    ----------
    network
        Streets, at today's speed.
    candidates, facilities, demand
        Tied to the streets; ``facilities`` are those that serve.
    cutoff_min
        Longest walk that counts as served, minutes.
    pace
        Share by which people walk slower and faster; 0 leaves these two variants out.
    other_demand
        Residents from another source, tied to the streets.
    **how
        ``direction``, ``units``, ``horizon_min``, ``residents_per_capacity`` as for
        :func:`walkshed.siting.build.build_problem`; ``whole=True`` gives it the facilities too.

    Returns
    -------
    dict
        ``"slower"``, ``"faster"`` and, with ``other_demand``, ``"population"``, to be given to
        :func:`walkshed.siting.robust.robustness`.

    Raises
    ------
    SitingError
        If ``pace`` is no share from 0 to below 1.
    """
    if not 0 <= pace < 1:
        raise SitingError("pace_unusable", value=pace)

    def build(speed_kmh: float, residents: gpd.GeoDataFrame, *, whole: bool = False, **rest: Any) -> SitingProblem:  # noqa: ANN401 - as above
        streets = with_speed(network, speed_kmh)
        direction = rest.get("direction", "to_facility")
        measured = measure_coverage(streets, facilities, residents, cutoff_min=cutoff_min, direction=direction)
        return build_problem(
            streets, candidates, measured, cutoff_min=cutoff_min, facilities=facilities if whole else None, **rest
        )

    speed = network.speed_kmh
    found = {
        SLOWER: partial(build, speed * (1.0 - pace), demand, **how),
        FASTER: partial(build, speed * (1.0 + pace), demand, **how),
    }
    if pace == 0:
        found = {}
    if other_demand is not None:
        found[POPULATION] = partial(build, speed, other_demand, **how)
    return dict(found)
