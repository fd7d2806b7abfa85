"""What a study consists of, layer by layer: there or not, how much, how old, in which datum, how good."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
import shapely

from walkshed.app import studies, workspace
from walkshed.app.study_files import INSIDE_PACKAGE, file_date
from walkshed.app.upload_reading import area_km2
from walkshed.app.uploads import LAYERS
from walkshed.errors import WalkshedError
from walkshed.inputs.population_groups import group_names
from walkshed.inputs.tables import read_table
from walkshed.inputs.values import texts_of

if TYPE_CHECKING:
    from walkshed.errors import Message
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

PRESENT, ONLINE, GENERATED, MISSING, ABSENT = "present", "online", "generated", "missing", "absent"
WAITING = "waiting"
ORDER: Final = (
    "boundary", "network", "demand", "facilities", "candidates", "units", "entrances", "gates", "denominators",
    "raster", "elevation",
)  # fmt: skip
NO_DATUM: Final = ("denominators", "raster", "elevation")


@dataclass(frozen=True, kw_only=True)
class Item:
    """One layer.

    Attributes
    ----------
    layer
        Of :data:`ORDER`.
    state
        ``"present"``, ``"online"`` (downloaded), ``"generated"`` (made by the program from another layer),
        ``"missing"`` (needed), ``"waiting"`` (comes with the streets, which are missing) or ``"absent"`` (not needed).
    source
        File or service, ``""`` where there is none.
    count, rejected
        Rows used and not; ``None`` where not known yet.
    date
        Day of the file, or what the study says.
    datum
        As declared; ``""`` where it does not matter.
    quality
        Figures by key: ``people``, ``near_edge``, ``unplaced``, ``untied``, ``km``, ``km2``, ``groups``, and counts of
        position qualities as ``position_A`` and so on.
    """

    layer: str
    state: str
    source: str = ""
    count: int | None = None
    rejected: int | None = None
    date: str = ""
    datum: str = ""
    quality: dict[str, float]


def checklist(config: StudyConfig, result: StudyResult | None) -> list[Item]:
    """Return every layer of a study.

    Parameters
    ----------
    config
        The study.
    result
        What was computed from it; ``None`` where that does not work yet.
    """
    missing = studies.missing_layers(config)
    return [_item(config, layer, result, missing) for layer in ORDER]


def _item(config: StudyConfig, layer: str, result: StudyResult | None, missing: tuple[str, ...]) -> Item:
    inputs = None if result is None else result.inputs
    state, source, datum = _source(config, layer)
    if layer in missing:
        state = MISSING
    elif "network" in missing and state in {PRESENT, GENERATED} and source == config.network.path:
        state = WAITING
    if state in {MISSING, ABSENT, WAITING}:
        return Item(layer=layer, state=state, quality={})
    counts = {record.layer: (record.count, record.rejected) for record in inputs.records} if inputs is not None else {}
    count, rejected = counts.get(layer, (None, None))
    if layer == "candidates" and result is not None:
        count = len(result.candidates)
    if count is None and inputs is None:
        count = _rows(config, layer, source)
    named = bool(source) and state == PRESENT and not source.startswith(INSIDE_PACKAGE)
    file = config.resolve(source)
    dated = named and (workspace.is_newer(file, config.folder) or not config.study.data_date)
    quality = {} if result is None else _quality(result, layer)
    return Item(
        layer=layer, state=state, source=source, count=count, rejected=rejected,
        date=file_date(file) if dated else config.study.data_date, datum=datum, quality=quality,
    )  # fmt: skip


def _source(config: StudyConfig, layer: str) -> tuple[str, str, str]:
    """Return state, source and datum of a layer, whether or not its file is there."""
    streets = config.network.path
    online = ONLINE if config.network.source == "download" else PRESENT
    if layer == "network":
        return online, streets, "wgs84"
    if layer == "boundary":
        return _boundary(config)
    if layer in NO_DATUM:
        units = config.units
        own = {
            "raster": config.residents.raster,
            "elevation": config.network.elevation,
            "denominators": units.denominators or (units.path if units.denominators_columns else ""),
        }[layer]
        return (PRESENT if own else ABSENT), own, ""
    if layer in {"entrances", "gates"}:
        section = config.facilities if layer == "entrances" else config.residents
        states = {
            "none": (ABSENT, "", ""),
            "osm": (PRESENT, streets, "wgs84"),
            "file": (PRESENT, getattr(section, f"{layer}_path"), getattr(section, f"{layer}_datum")),
        }
        return states[getattr(section, layer)]
    section = {"demand": config.residents}.get(layer) or getattr(config, layer)
    states = {
        "none": (ABSENT, "", ""),
        "network": (GENERATED, streets, "wgs84"),
        "raster": (PRESENT, config.residents.raster, "wgs84"),
        "file": (PRESENT, section.path, section.datum),
        "places": (ONLINE, section.path, "wgs84"),
        "osm": (online, section.path or streets, "wgs84"),
    }
    return states[section.source]


def _boundary(config: StudyConfig) -> tuple[str, str, str]:
    boundary = config.boundary
    states = {
        "file": (PRESENT, boundary.path, boundary.datum),
        "units": (GENERATED, config.units.path, config.units.datum),
        "place": (ONLINE, boundary.place, "wgs84"),
        "extent": (GENERATED, config.network.path, "wgs84"),
    }
    return states[boundary.source]


def _rows(config: StudyConfig, layer: str, source: str) -> int | None:
    """Return how many rows a file has, where the study as a whole cannot be read yet."""
    if not source or not LAYERS[layer].reads or source.startswith(INSIDE_PACKAGE):
        return None
    file = config.resolve(source)
    if not file.is_file() or Path(source).suffix.lower() in {".pbf", ".osm"}:
        return None
    try:
        return len(read_table(file, layer=LAYERS[layer].reads).lines)
    except WalkshedError:
        return None


def _quality(result: StudyResult, layer: str) -> dict[str, float]:
    inputs = result.inputs
    if layer == "boundary":
        return {"km2": area_km2(inputs.boundary)}
    if layer == "network":
        return {"km": float(inputs.network.length_m.sum()) / 1000}
    if layer == "demand":
        share = next((float(str(note.fields["share"])) for note in _notes(result, "notes.near_edge")), 0.0)
        groups = len(group_names(inputs.demand))
        return {"people": float(inputs.demand.population.sum()), "near_edge": share} | (
            {"groups": float(groups)} if groups else {}
        )
    if layer == "facilities":
        return _positions(result)
    if layer == "units":
        shapes = inputs.units.geometry.to_numpy()
        bare = int((shapely.is_missing(shapes) | shapely.is_empty(shapes)).sum())
        return {"without_area": float(bare)} if bare else {}
    return {}


def _positions(result: StudyResult) -> dict[str, float]:
    """Return how well the facilities are placed."""
    rooms = result.inputs.facilities
    found: dict[str, float] = {}
    if "position_quality" in rooms:
        given = pd.Series([text.strip().upper()[:1] for text in texts_of(rooms["position_quality"])])
        counts = given[given.isin(list("ABCD"))].value_counts().sort_index()
        found |= {f"position_{letter}": float(number) for letter, number in counts.items()}
    shapes = rooms.geometry.to_numpy()
    nowhere = int((shapely.is_missing(shapes) | shapely.is_empty(shapes)).sum())
    if nowhere:
        found["unplaced"] = float(nowhere)
    untied = int(result.facilities.why.isin(("far_from_street", "entrances_far")).sum())
    if untied:
        found["untied"] = float(untied)
    return found


def _notes(result: StudyResult, key: str) -> list[Message]:
    return [note for note in result.notes if note.key == key]
