"""Gates and footbridges of a study as candidates beside rooms."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from walkshed.errors import ContractError, Message
from walkshed.network.edits import parse_edits
from walkshed.network.scenario import edit_network
from walkshed.network.slope import sample_elevation
from walkshed.network.walking import weigh
from walkshed.progress import silent
from walkshed.results import LinkedPlan
from walkshed.siting.links import make_link_candidates
from walkshed.siting.links_build import LinkScene, build_linked_problem
from walkshed.siting.links_measure import measure_links
from walkshed.siting.links_solve import solve_with_links
from walkshed.siting.requirements import Requirements
from walkshed.study.streets import serving_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from walkshed.network.edits import Edit
    from walkshed.network.model import WalkNetwork
    from walkshed.network.scenario import EditedNetwork
    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress
    from walkshed.results import Assessment, StudyInputs
    from walkshed.siting.links import LinkCandidate
    from walkshed.study.streets import Edited


def plan_links(
    config: StudyConfig,
    inputs: StudyInputs,
    now: Assessment,
    candidates: gpd.GeoDataFrame,
    *,
    found: gpd.GeoDataFrame | None = None,
    edited: Edited | None = None,
    progress: Progress = silent,
) -> LinkedPlan | None:
    """Propose rooms and links together, build what was chosen and measure what comes of it.

    Parameters
    ----------
    config, inputs
        The study; ``[[siting.links]]`` names links of its own, ``siting.links_max`` says how many may be built.
    now, candidates
        Who is served today, and where rooms could stand.
    found
        Links that :func:`walkshed.assess.barriers.find_links` found: candidates, too.
    edited
        The scenario that holds in ``now``.
    progress
        Called inside long steps.

    Returns
    -------
    LinkedPlan or None
        ``None`` where no link may be built or none is known.

    Raises
    ------
    ContractError
        With everything that is wrong with ``[[siting.links]]``.
    """
    siting = config.siting
    if not siting.links_max:
        return None
    links = _candidates(config, found)
    if not links:
        return None
    scene = LinkScene(
        network=now.network,
        candidates=candidates,
        facilities=serving_of(config, now.facilities),
        measured=now.demand,
        cutoff_min=config.walking.cutoff_min,
        direction=config.walking.direction,
        edit=partial(_edit, config, inputs.network if edited is None else edited.streets.network),
    )
    problem = build_linked_problem(scene, links, progress=progress)
    answer = solve_with_links(
        problem,
        new_rooms=siting.new_rooms,
        links_max=siting.links_max,
        budget=siting.budget or None,
        requirements=Requirements(must_build=siting.must_build, forbidden=siting.forbidden),
        time_limit_s=siting.time_limit_s,
        mip_gap=siting.mip_gap,
        progress=progress,
    )
    return LinkedPlan(links=tuple(links), answer=answer, outcome=measure_links(scene, problem, answer))


def _candidates(config: StudyConfig, found: gpd.GeoDataFrame | None) -> Sequence[LinkCandidate]:
    records = [dict(record) for record in config.siting.links]
    costs, problems = [], []
    for place, record in enumerate(records):
        cost = record.pop("cost", 1.0)
        if isinstance(cost, bool) or not isinstance(cost, int | float) or cost < 0:
            problems.append(Message("errors.no_number", {"key": f"siting.links[{place}].cost", "value": repr(cost)}))
            cost = 1.0
        costs.append(float(cost))
    if problems:
        raise ContractError("study_invalid", problems=problems, where="study.toml")
    return make_link_candidates(found, edits=parse_edits(tuple(records)), edit_costs=costs)


def _edit(config: StudyConfig, streets: WalkNetwork, edits: Sequence[Edit]) -> EditedNetwork:
    """Edit the streets not weighed yet, and weigh them for the study's walker."""
    changed = edit_network(streets, edits)
    raster = config.network.elevation
    heights = sample_elevation(changed.network, config.resolve(raster)) if raster else None
    return changed._replace(network=weigh(changed.network, config.profiles[config.walking.profile], heights))
