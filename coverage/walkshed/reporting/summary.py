"""A study's result as one JSON file, for other programs and for the record."""

from __future__ import annotations

import json
import math
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from walkshed.catalogue import LANGUAGES
from walkshed.files import write_whole
from walkshed.reporting.measure_sheets import link_middles
from walkshed.reporting.scenario import moved_rows, scenario_facts
from walkshed.reporting.siting_facts import siting_facts
from walkshed.reporting.wording import definition
from walkshed.toml_records import plain

if TYPE_CHECKING:
    from os import PathLike

    from walkshed.results import StudyResult

PACKAGES: Final = (
    "walkshed",
    "geopandas",
    "shapely",
    "pyproj",
    "osmnx",
    "osmium",
    "numpy",
    "pandas",
    "scipy",
    "numba",
    "highspy",
    "folium",
)
DECIMALS: Final = 6
SCHEMA: Final = 1


def summarise(result: StudyResult) -> dict[str, Any]:
    """Return what a study found out, without geometry.

    Parameters
    ----------
    result
        The study's result.

    Returns
    -------
    dict
        Plain values that JSON holds exactly; numbers that are not known (a rate without a denominator, minutes to
        nowhere) are ``None``, all others rounded to 6 decimals. ``run`` holds what changes from run to run (seconds,
        versions); everything else is the same for the same inputs and settings.
    """
    config = result.config
    walking = config.walking
    summary = {
        "schema": SCHEMA,
        "study": {
            "id": config.study.id,
            "title": {"en": config.study.title_en, "zh": config.study.title_zh},
            "data_date": config.study.data_date,
            "config_sha256": config.digest(),
        },
        "walking": {
            "profile": walking.profile,
            "speed_kmh": config.speed_kmh(),
            "rules": plain(config.profiles[walking.profile]),
            "cutoff_min": walking.cutoff_min,
            "cutoffs_min": list(walking.cutoffs_min),
            "direction": walking.direction,
            "crs": result.inputs.network.crs,
        },
        "inputs": [
            {
                "layer": record.layer, "source": record.source, "sha256": record.sha256, "count": record.count,
                "rejected": record.rejected,
            }
            for record in result.inputs.records
        ],
        "rejects": _rejects(result.inputs.rejects),
        "facilities": {
            "count": len(result.facilities),
            "by_status": result.facilities["status"].value_counts().sort_index().to_dict(),
            "serving_statuses": list(config.facilities.serving),
            "not_on_the_network": _rows(
                result.facilities.loc[~result.facilities["snapped"].astype(bool), ["facility_id", "name", "why"]]
            ),
        },
        "residents": {
            "rows": len(result.demand),
            "population": result.demand["population"].sum(),
            "unserved_by_reason": _unserved(result),
        },
        "moved_off_fragments": _rows(moved_rows(result)),
        "rates": _rates(result.rates),
        "scenario": scenario_facts(result),
        "picture_disagreement": result.disagreement,
        "gaps": _rows(result.gaps.drop(columns="geometry")),
        "measures": _measures(result),
        "norms": _norms(result),
        "siting": siting_facts(result),
        "proposals": _proposals(result),
        "notes": [
            {"key": note.key, **{language: note.text(language) for language in LANGUAGES}} for note in result.notes
        ],
        "run": {
            "seconds": {**dict(result.seconds), "solver": result.siting.seconds},
            "versions": versions(),
        },
    }  # fmt: skip
    return _plain(summary)  # type: ignore[no-any-return]  # a dict goes in


def write_summary(result: StudyResult, path: str | PathLike[str]) -> None:
    """Write :func:`summarise` as strict JSON in UTF-8, at once or not at all.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    written = json.dumps(summarise(result), ensure_ascii=False, allow_nan=False, indent=2)
    write_whole(Path(path), written + "\n")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages on which figures depend."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _rejects(rejects: pd.DataFrame) -> dict[str, object]:
    reasons = rejects["reason"].value_counts()
    return {
        "count": len(rejects),
        "by_reason": {reason: int(reasons[reason]) for reason in sorted(reasons.index)},
        "rows": _rows(rejects.drop(columns="row", errors="ignore")),
    }


def _unserved(result: StudyResult) -> dict[str, float]:
    unserved = result.demand[~result.demand["covered"].astype(bool)]
    people = unserved.groupby(unserved["reason"].astype(str))["population"].sum()
    return {reason: float(people[reason]) for reason in sorted(people.index)}


def _rates(rates: pd.DataFrame) -> list[dict[str, object]]:
    rows = _rows(rates)
    for row in rows:
        row["definition"] = {language: definition(str(row["basis"]), language) for language in LANGUAGES}
    return rows


def _measures(result: StudyResult) -> dict[str, object]:
    measures = result.measures
    lon, lat = link_middles(measures.links)
    links = measures.links.drop(columns="geometry").assign(lon=lon, lat=lat)
    return {
        "range": _rows(measures.range),
        "curve": _rows(measures.curve),
        "equity": _rows(measures.equity),
        "catchments": _rows(measures.catchments),
        "load": _rows(measures.load),
        "full": measures.full,
        "barred": measures.barred,
        "links": _rows(links),
    }


def _norms(result: StudyResult) -> dict[str, object]:
    norms = result.norms
    tables = {
        "hourly": norms.hourly, "night": norms.night, "criteria": norms.criteria, "failing": norms.failing,
        "hours_not_understood": norms.hours, "duplicates": norms.duplicates,
        "failing_units": norms.failing_units, "rates": norms.rates,
        "unserved_then": norms.unserved_then, "gaps_then": _without_shapes(norms.gaps_then),
        "names": norms.names, "totals": norms.totals,
    }  # fmt: skip
    return {name: None if table is None else _rows(pd.DataFrame(table)) for name, table in tables.items()}


def _without_shapes(table: pd.DataFrame | None) -> pd.DataFrame | None:
    return None if table is None else table.drop(columns="geometry")


def _proposals(result: StudyResult) -> list[dict[str, object]]:
    table = result.proposals
    places = table.geometry
    return _rows(table.drop(columns="geometry").assign(lon=places.x, lat=places.y))


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): value for name, value in zip(table.columns, row, strict=True)}
        for row in table.itertuples(index=False, name=None)
    ]


def _plain(value: Any) -> Any:  # noqa: ANN401, PLR0911 - any value of a table goes in, one of JSON's comes out
    """Return a value as JSON knows it, floats rounded, unknown ones ``None``."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        # adding 0.0 turns a negative zero, which JSON would show, into a plain one
        return round(number, DECIMALS) + 0.0 if math.isfinite(number) else None
    return str(value)
