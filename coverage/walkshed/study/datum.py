"""Whether the tables of a study fit its streets and buildings better under another datum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from walkshed.inputs.datum_check import datum_findings
from walkshed.study.layers import osm_layer

if TYPE_CHECKING:
    from walkshed.inputs.datum_check import DatumFinding
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyInputs

SECTIONS = {"facilities": "facilities", "demand": "residents", "candidates": "candidates"}


def check_datums(config: StudyConfig, inputs: StudyInputs) -> list[DatumFinding]:
    """Hold every table that came from a file against the streets and buildings of the study.

    Parameters
    ----------
    config, inputs
        The study.

    Returns
    -------
    list of DatumFinding
        One per table from a file, suspicious or not; what comes from OpenStreetMap is not doubted.
    """
    tables = {"facilities": inputs.facilities, "demand": inputs.demand, "candidates": inputs.candidates.get("file")}
    layers = {
        layer: table
        for layer, table in tables.items()
        if table is not None and (layer == "candidates" or getattr(config, SECTIONS[layer]).source == "file")
    }
    declared = {layer: getattr(config, SECTIONS[layer]).datum for layer in layers}
    if not layers:
        return []
    buildings = osm_layer(config, inputs.boundary, "buildings") if config.network.source == "osm" else None
    return datum_findings(layers, declared=declared, network=inputs.network, buildings=buildings)
