"""Walkshed plans public reading rooms so that every resident has one within a 15-minute walk.

>>> import walkshed as ws
>>> config = ws.StudyConfig.from_toml("data/helsinki")
>>> result = ws.run_study(config)
>>> result.demand.covered.any()
np.True_
"""

from __future__ import annotations

from importlib import import_module

_HOMES = {
    "assess.availability": "find_gaps_then tell_availability unserved_by_reason",
    "assess.barriers": "find_links",
    "assess.catchments": "allot_residents measure_catchments two_step_floating_catchment",
    "assess.change": "change_by_unit compare_demand compare_rates",
    "assess.circle": "circle_rates measure_circle",
    "assess.coverage": "measure_coverage picture_disagreement",
    "assess.criteria": "assess_criteria criteria_rates summarise_criteria",
    "assess.curve": "coverage_curve",
    "assess.equity": "measure_equity",
    "assess.gaps": "find_gaps gap_of",
    "assess.hours": "coverage_by_hour measure_coverage_at night_coverage",
    "assess.rates": "coverage_rates group_rates tier_rates",
    "assess.walks": "find_walks",
    "batch": "BatchResult run_batch",
    "errors": "CancelledError ContractError CrsError FetchError InfeasibleError InputError NetworkError SitingError"
    " SnapError SolverError WalkshedError",
    "inputs.aliases": "find_duplicates match_names",
    "inputs.boundary": "read_boundary",
    "inputs.candidates": "read_candidates",
    "inputs.demand": "read_demand",
    "inputs.entrances": "read_entrances",
    "inputs.facilities": "read_facilities",
    "inputs.hours": "open_hours parse_hours",
    "inputs.name_lists": "check_names read_names",
    "inputs.osm_entrances": "osm_entrances",
    "inputs.population_homes": "raster_onto_homes",
    "inputs.population_raster": "read_population_raster",
    "inputs.spread": "scale_to_units spread_totals",
    "inputs.units": "assign_units read_units",
    "network.build": "network_from_osmnx read_network with_speed",
    "network.entrances": "list_entrances",
    "network.fetch": "fetch_network",
    "network.frames": "network_edges",
    "network.model": "WalkNetwork",
    "network.scenario": "edit_network",
    "network.slope": "sample_elevation",
    "network.snap": "dropped_entrances snap",
    "network.store": "write_network",
    "network.walking": "weigh",
    "parameters": "StudyConfig",
    "reach.isochrones": "isochrones",
    "reach.prepare": "PreparedPlaces prepare_places",
    "reach.service_areas": "service_areas",
    "reach.times": "nearest time_matrix travel_times",
    "reporting.atlas": "write_atlas",
    "reporting.beforeafter": "figure_before_after",
    "reporting.document.pdf": "write_pdf",
    "reporting.document.word": "write_docx",
    "reporting.evidence": "verify_pack write_pack",
    "reporting.figure": "figure_map",
    "reporting.gis": "write_gis",
    "reporting.headline": "headline_lines",
    "reporting.layers": "write_layers",
    "reporting.outputs": "write_outputs",
    "reporting.reports": "write_reports",
    "reporting.snapshot": "freeze_result load_snapshot",
    "reporting.summary": "summarise",
    "reporting.tables": "write_xlsx",
    "reporting.webmap": "webmap write_webmap",
    "siting.answer": "SitingAnswer",
    "siting.build": "build_problem",
    "siting.candidates": "make_candidates",
    "siting.candidates_combine": "combine_candidates gather_candidates",
    "siting.candidates_naming": "name_candidates",
    "siting.curve": "knee rooms_curve",
    "siting.exclusions": "exclusion_areas screen_candidates",
    "siting.explain": "explain_proposals",
    "siting.explain_words": "explain_in_words",
    "siting.links": "make_link_candidates",
    "siting.links_build": "LinkScene build_linked_problem",
    "siting.links_measure": "measure_links",
    "siting.links_solve": "solve_with_links",
    "siting.phases": "plan_phases",
    "siting.plan": "make_proposals",
    "siting.problem": "SitingProblem",
    "siting.requirements": "Floor Requirements",
    "siting.robust": "robustness",
    "siting.solve": "solve_lscp solve_mclp solve_p_center solve_p_median",
    "siting.variants": "problem_variants",
    "siting.verify": "verify",
    "siting.what_if": "begin_what_if place_at",
    "study": "StudyInputs StudyResult assess_study load_study run_study",
    "study.datum": "check_datums",
    "study.variants": "vary_study",
    "tiling.measure": "find_walks_tiled measure_coverage_tiled time_matrix_tiled",
    "walkers": "Access Profile",
}
"""Module -> its names in the public API. A module is loaded when one of its names is asked for: together they take
seconds, and a program that only shows its help, or is told to stop, needs none of them. ``__init__.pyi`` says the same
to type checkers."""
_HOME = {name: f"{__name__}.{module}" for module, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME)  # noqa: PLE0605 - all of them


def __getattr__(name: str) -> object:
    """Load a name of the public API, or a module of the package."""
    if name in _HOME:
        found = getattr(import_module(_HOME[name]), name)
        globals()[name] = found
        return found
    if not name.startswith("_"):
        try:
            return import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    """Return everything that can be asked for."""
    return sorted({*globals(), *__all__})
