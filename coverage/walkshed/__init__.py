"""Walkshed plans public reading rooms so that every resident has one within a 15-minute walk.

>>> import walkshed as ws
>>> config = ws.StudyConfig.from_toml("data/helsinki")
>>> result = ws.run_study(config)
>>> result.demand.covered.any()
np.True_
"""

from __future__ import annotations

from walkshed.assess.availability import find_gaps_then, tell_availability, unserved_by_reason
from walkshed.assess.barriers import find_links
from walkshed.assess.catchments import allot_residents, measure_catchments, two_step_floating_catchment
from walkshed.assess.change import change_by_unit, compare_demand, compare_rates
from walkshed.assess.circle import circle_rates, measure_circle
from walkshed.assess.coverage import measure_coverage, picture_disagreement
from walkshed.assess.criteria import assess_criteria, criteria_rates, summarise_criteria
from walkshed.assess.curve import coverage_curve
from walkshed.assess.equity import measure_equity
from walkshed.assess.gaps import find_gaps, gap_of
from walkshed.assess.hours import coverage_by_hour, measure_coverage_at, night_coverage
from walkshed.assess.rates import coverage_rates, group_rates, tier_rates
from walkshed.assess.walks import find_walks
from walkshed.batch import BatchResult, run_batch
from walkshed.errors import (
    CancelledError,
    ContractError,
    CrsError,
    FetchError,
    InfeasibleError,
    InputError,
    NetworkError,
    SitingError,
    SnapError,
    SolverError,
    WalkshedError,
)
from walkshed.inputs.aliases import find_duplicates, match_names
from walkshed.inputs.boundary import read_boundary
from walkshed.inputs.candidates import read_candidates
from walkshed.inputs.demand import read_demand
from walkshed.inputs.entrances import read_entrances
from walkshed.inputs.facilities import read_facilities
from walkshed.inputs.hours import open_hours, parse_hours
from walkshed.inputs.name_lists import check_names, read_names
from walkshed.inputs.osm_entrances import osm_entrances
from walkshed.inputs.population_homes import raster_onto_homes
from walkshed.inputs.population_raster import read_population_raster
from walkshed.inputs.spread import scale_to_units, spread_totals
from walkshed.inputs.units import assign_units, read_units
from walkshed.network.build import network_from_osmnx, read_network, with_speed
from walkshed.network.entrances import list_entrances
from walkshed.network.fetch import fetch_network
from walkshed.network.frames import network_edges
from walkshed.network.model import WalkNetwork
from walkshed.network.scenario import edit_network
from walkshed.network.slope import sample_elevation
from walkshed.network.snap import dropped_entrances, snap
from walkshed.network.store import write_network
from walkshed.network.walking import weigh
from walkshed.parameters import StudyConfig
from walkshed.reach.isochrones import isochrones
from walkshed.reach.prepare import PreparedPlaces, prepare_places
from walkshed.reach.service_areas import service_areas
from walkshed.reach.times import nearest, time_matrix, travel_times
from walkshed.reporting.atlas import write_atlas
from walkshed.reporting.beforeafter import figure_before_after
from walkshed.reporting.document.pdf import write_pdf
from walkshed.reporting.document.word import write_docx
from walkshed.reporting.evidence import verify_pack, write_pack
from walkshed.reporting.figure import figure_map
from walkshed.reporting.gis import write_gis
from walkshed.reporting.headline import headline_lines
from walkshed.reporting.layers import write_layers
from walkshed.reporting.outputs import write_outputs
from walkshed.reporting.reports import write_reports
from walkshed.reporting.snapshot import freeze_result, load_snapshot
from walkshed.reporting.summary import summarise
from walkshed.reporting.tables import write_xlsx
from walkshed.reporting.webmap import webmap, write_webmap
from walkshed.siting.answer import SitingAnswer
from walkshed.siting.build import build_problem
from walkshed.siting.candidates import make_candidates
from walkshed.siting.candidates_combine import combine_candidates, gather_candidates
from walkshed.siting.candidates_naming import name_candidates
from walkshed.siting.curve import knee, rooms_curve
from walkshed.siting.exclusions import exclusion_areas, screen_candidates
from walkshed.siting.explain import explain_proposals
from walkshed.siting.explain_words import explain_in_words
from walkshed.siting.links import make_link_candidates
from walkshed.siting.links_build import LinkScene, build_linked_problem
from walkshed.siting.links_measure import measure_links
from walkshed.siting.links_solve import solve_with_links
from walkshed.siting.phases import plan_phases
from walkshed.siting.plan import make_proposals
from walkshed.siting.problem import SitingProblem
from walkshed.siting.requirements import Floor, Requirements
from walkshed.siting.robust import robustness
from walkshed.siting.solve import solve_lscp, solve_mclp, solve_p_center, solve_p_median
from walkshed.siting.variants import problem_variants
from walkshed.siting.verify import verify
from walkshed.siting.what_if import begin_what_if, place_at
from walkshed.study import StudyInputs, StudyResult, assess_study, load_study, run_study
from walkshed.study.datum import check_datums
from walkshed.study.variants import vary_study
from walkshed.tiling.measure import find_walks_tiled, measure_coverage_tiled, time_matrix_tiled
from walkshed.walkers import Access, Profile

__all__ = [
    "Access",
    "BatchResult",
    "CancelledError",
    "ContractError",
    "CrsError",
    "FetchError",
    "Floor",
    "InfeasibleError",
    "InputError",
    "LinkScene",
    "NetworkError",
    "PreparedPlaces",
    "Profile",
    "Requirements",
    "SitingAnswer",
    "SitingError",
    "SitingProblem",
    "SnapError",
    "SolverError",
    "StudyConfig",
    "StudyInputs",
    "StudyResult",
    "WalkNetwork",
    "WalkshedError",
    "allot_residents",
    "assess_criteria",
    "assess_study",
    "assign_units",
    "begin_what_if",
    "build_linked_problem",
    "build_problem",
    "change_by_unit",
    "check_datums",
    "check_names",
    "circle_rates",
    "combine_candidates",
    "compare_demand",
    "compare_rates",
    "coverage_by_hour",
    "coverage_curve",
    "coverage_rates",
    "criteria_rates",
    "dropped_entrances",
    "edit_network",
    "exclusion_areas",
    "explain_in_words",
    "explain_proposals",
    "fetch_network",
    "figure_before_after",
    "figure_map",
    "find_duplicates",
    "find_gaps",
    "find_gaps_then",
    "find_links",
    "find_walks",
    "find_walks_tiled",
    "freeze_result",
    "gap_of",
    "gather_candidates",
    "group_rates",
    "headline_lines",
    "isochrones",
    "knee",
    "list_entrances",
    "load_snapshot",
    "load_study",
    "make_candidates",
    "make_link_candidates",
    "make_proposals",
    "match_names",
    "measure_catchments",
    "measure_circle",
    "measure_coverage",
    "measure_coverage_at",
    "measure_coverage_tiled",
    "measure_equity",
    "measure_links",
    "name_candidates",
    "nearest",
    "network_edges",
    "network_from_osmnx",
    "night_coverage",
    "open_hours",
    "osm_entrances",
    "parse_hours",
    "picture_disagreement",
    "place_at",
    "plan_phases",
    "prepare_places",
    "problem_variants",
    "raster_onto_homes",
    "read_boundary",
    "read_candidates",
    "read_demand",
    "read_entrances",
    "read_facilities",
    "read_names",
    "read_network",
    "read_population_raster",
    "read_units",
    "robustness",
    "rooms_curve",
    "run_batch",
    "run_study",
    "sample_elevation",
    "scale_to_units",
    "screen_candidates",
    "service_areas",
    "snap",
    "solve_lscp",
    "solve_mclp",
    "solve_p_center",
    "solve_p_median",
    "solve_with_links",
    "spread_totals",
    "summarise",
    "summarise_criteria",
    "tell_availability",
    "tier_rates",
    "time_matrix",
    "time_matrix_tiled",
    "travel_times",
    "two_step_floating_catchment",
    "unserved_by_reason",
    "vary_study",
    "verify",
    "verify_pack",
    "webmap",
    "weigh",
    "with_speed",
    "write_atlas",
    "write_docx",
    "write_gis",
    "write_layers",
    "write_network",
    "write_outputs",
    "write_pack",
    "write_pdf",
    "write_reports",
    "write_webmap",
    "write_xlsx",
]
