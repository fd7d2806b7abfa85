"""Where an uploaded layer is noted in a study's settings, and what goes with the layer it replaces."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from walkshed.app.uploads import FIGURES_OF_THE_FILE

if TYPE_CHECKING:
    from walkshed.app.uploads import Choices
    from walkshed.parameters import StudyConfig


def with_layer(config: StudyConfig, layer: str, name: str, choices: Choices) -> StudyConfig:
    """Return the settings of a study that reads a layer from a file.

    What belonged to the former layer alone goes with it: gates and totals of former residents, entrances of former
    facilities.

    Parameters
    ----------
    config
        The study.
    layer
        One of :data:`LAYERS`.
    name
        Of the file in the study's folder.
    choices
        What the user says about it.
    """
    columns, datum = dict(choices.columns), choices.datum
    listed: dict[str, Any] = {"source": "file", "path": name, "columns": columns, "datum": datum}
    doors: dict[str, Any] = {
        layer: "file",
        f"{layer}_path": name,
        f"{layer}_columns": columns,
        f"{layer}_datum": datum,
    }
    facilities, residents = config.facilities, config.residents
    whole = choices.onto_homes
    spread = residents.source if whole and residents.source != "raster" else "osm" if whole else "raster"
    section, changed = {
        "boundary": ("boundary", {"source": "file", "path": name, "datum": datum}),
        "network": ("network", {"source": "osm", "path": name}),
        "elevation": ("network", {"elevation": name}),
        "facilities": ("facilities", listed | {"tags": {}} | _own_doors(facilities.entrances, "entrances")),
        "demand": ("residents", listed | dict(FIGURES_OF_THE_FILE) | _own_doors(residents.gates, "gates")),
        "candidates": ("candidates", listed | {"tags": {}, "also": ()}),
        "raster": (
            "residents",
            {"source": spread, "raster": name, "raster_holds": choices.holds, "unit_totals": False},
        ),
        "units": ("units", listed | {"denominators_columns": {}, "denominators": ""}),
        "denominators": ("units", {"denominators": name, "denominators_columns": columns}),
        "entrances": ("facilities", doors),
        "gates": ("residents", doors),
    }[layer]
    return _with_section(config, section, changed)


def without_layer(config: StudyConfig, layer: str) -> StudyConfig:
    """Return the settings of a study without one of its optional layers."""
    if layer == "units":
        without = _with_section(config, "residents", {"unit_totals": False})
        if config.boundary.source == "units":
            without = _with_section(without, "boundary", {"source": "extent"})
        config = without
    spread = "osm" if config.residents.source == "raster" else config.residents.source
    bare: dict[str, Any] = {"path": "", "columns": {}}
    section, changed = {
        "units": ("units", bare | {"source": "none", "denominators": "", "denominators_columns": {}}),
        "candidates": ("candidates", bare | {"source": "network", "tags": {}, "also": ()}),
        "denominators": ("units", {"denominators": "", "denominators_columns": {}}),
        "elevation": ("network", {"elevation": ""}),
        "raster": ("residents", {"source": spread, "raster": "", "raster_holds": ""}),
        "entrances": ("facilities", _own_doors("file", layer)),
        "gates": ("residents", _own_doors("file", layer)),
    }[layer]
    return _with_section(config, section, changed)


def _with_section(config: StudyConfig, section: str, changed: dict[str, Any]) -> StudyConfig:
    sections: dict[str, Any] = {section: replace(getattr(config, section), **changed)}
    return replace(config, **sections)


def dropped_with(config: StudyConfig, layer: str) -> tuple[str, ...]:
    """Return the layers that go when a layer is replaced, because they are about the former one."""
    if layer == "facilities" and config.facilities.entrances == "file":
        return ("entrances",)
    if layer == "units" and config.units.denominators:
        return ("denominators",)
    if layer == "demand":
        gone = {"gates": config.residents.gates == "file", "raster": bool(config.residents.raster)}
        return tuple(name for name, goes in gone.items() if goes)
    return ()


def _own_doors(source: str, layer: str) -> dict[str, Any]:
    """Return the settings that take out a file of entrances or gates; those of OpenStreetMap stay."""
    return {layer: "none", f"{layer}_path": "", f"{layer}_columns": {}} if source == "file" else {}
