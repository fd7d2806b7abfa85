"""Walkshed plans public reading rooms so that every resident has one within a 15-minute walk.

>>> import walkshed as ws
>>> config = ws.StudyConfig.from_toml("data/helsinki")
>>> result = ws.run_study(config)
>>> result.demand.covered.any()
np.True_
"""

from __future__ import annotations

from walkshed.assess.coverage import measure_coverage, picture_disagreement
from walkshed.assess.gaps import find_gaps, gap_of
from walkshed.assess.rates import coverage_rates
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
from walkshed.inputs.boundary import read_boundary
from walkshed.inputs.candidates import read_candidates
from walkshed.inputs.demand import read_demand
from walkshed.inputs.facilities import read_facilities
from walkshed.inputs.units import assign_units, read_units
from walkshed.network.build import network_from_osmnx, read_network, with_speed
from walkshed.network.fetch import fetch_network
from walkshed.network.model import WalkNetwork
from walkshed.network.snap import snap
from walkshed.network.store import write_network
from walkshed.parameters import StudyConfig
from walkshed.reach.isochrones import isochrones
from walkshed.reach.times import nearest, time_matrix, travel_times
from walkshed.reporting.figure import figure_map
from walkshed.reporting.headline import headline_lines
from walkshed.reporting.layers import write_layers
from walkshed.reporting.outputs import write_outputs
from walkshed.reporting.summary import summarise
from walkshed.reporting.tables import write_xlsx
from walkshed.reporting.webmap import webmap
from walkshed.siting.candidates import make_candidates
from walkshed.siting.plan import make_proposals
from walkshed.siting.problem import SitingProblem, build_problem
from walkshed.siting.solve import SitingAnswer, solve_mclp
from walkshed.study import StudyInputs, StudyResult, load_study, run_study

__all__ = [
    "CancelledError",
    "ContractError",
    "CrsError",
    "FetchError",
    "InfeasibleError",
    "InputError",
    "NetworkError",
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
    "assign_units",
    "build_problem",
    "coverage_rates",
    "fetch_network",
    "figure_map",
    "find_gaps",
    "gap_of",
    "headline_lines",
    "isochrones",
    "load_study",
    "make_candidates",
    "make_proposals",
    "measure_coverage",
    "nearest",
    "network_from_osmnx",
    "picture_disagreement",
    "read_boundary",
    "read_candidates",
    "read_demand",
    "read_facilities",
    "read_network",
    "read_units",
    "run_study",
    "snap",
    "solve_mclp",
    "summarise",
    "time_matrix",
    "travel_times",
    "webmap",
    "with_speed",
    "write_layers",
    "write_network",
    "write_outputs",
    "write_xlsx",
]
