"""Where people live, and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from walkshed.contracts import DEMAND
from walkshed.coordinates import areas_m2
from walkshed.errors import InputError
from walkshed.inputs.population_groups import group_like, read_groups, wanted_groups
from walkshed.inputs.positions import COORDINATES, Rules, locate, without_geometry
from walkshed.inputs.reads import Read, Sieve
from walkshed.inputs.rows import extra_columns, read_ids, read_numbers, read_texts
from walkshed.inputs.shapes import is_area
from walkshed.inputs.synonyms import KIND_WORDS, find_word
from walkshed.inputs.tables import find_columns, read_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from walkshed.inputs.rawtable import RawTable

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]

COLUMNS = ("demand_id", "kind", "name", "population", "area_m2", "unit_id")


def read_demand(
    path: Path | str,
    *,
    columns: Mapping[str, str] | None = None,
    datum: str = "wgs84",
    persons_per_household: float = 2.6,
    boundary: gpd.GeoDataFrame | None = None,
) -> Read:
    """Read residential areas or points with their residents.

    Parameters
    ----------
    path
        See :func:`walkshed.inputs.tables.read_table`.
    columns
        Our name -> the file's column, for what its synonyms do not find. Ours are ``demand_id``, ``kind``, ``name``,
        ``population``, ``households`` (``"3005户"``), ``area_m2``, ``unit_id``, ``lon``, ``lat``, ``location`` and
        ``population_<group>`` for the groups of :func:`walkshed.inputs.population_groups.wanted_groups` and any other
        group of the user's own (``population_veterans = "退役军人"``).
    datum
        See :func:`walkshed.coordinates.degrees_converter`.
    persons_per_household
        Residents of a household, for rows that give households and no population.
    boundary
        The study area, EPSG:4326. Rows whose point (a point inside, for areas) lies outside are refused: its residents
        are not counted.

    Returns
    -------
    Read
        ``table`` with the columns of :data:`walkshed.contracts.DEMAND`, what else the file holds, and a point or an
        area. ``kind`` is what the file says, else ``compound`` for areas and for rows counted in households, ``point``
        for the rest. ``area_m2`` of an area is measured on the ellipsoid; of a point it is what the file says, else 0.
        ``population_<group>`` counts the people of a group, also where the file gives shares (``"23%"``); a blank cell
        counts as nobody. Groups larger than the residents are kept as they are
        (:func:`walkshed.inputs.population_groups.group_notes`).

    Raises
    ------
    InputError
        If the file cannot be read, has no coordinates or no figures of residents, or no row is left.
    CrsError
        If the datum does not fit the file.
    """
    if not (np.isfinite(persons_per_household) and persons_per_household > 0):
        raise InputError("persons_per_household", value=persons_per_household)
    raw = without_geometry(read_table(path, layer="demand"), columns)
    groups = wanted_groups(raw, columns)
    wanted = (*COLUMNS, "households", *groups, *COORDINATES)
    found = find_columns(raw.frame, wanted, columns, layer=raw.layer, path=raw.path.name)
    if "population" not in found and "households" not in found:
        raise InputError("no_population", path=raw.path.name, seen=", ".join(map(str, raw.frame.columns)))
    ids = read_ids(raw, found.get("demand_id"))
    sieve = Sieve(raw, ids)
    population, counted = _read_population(raw, found, sieve, persons_per_household)
    given_m2 = read_numbers(raw, found, "area_m2", sieve)
    rules = Rules(datum=datum, boundary=boundary, inside_only=True, areas=True)
    geometry = locate(raw, found, sieve, rules)
    areas = is_area(geometry.to_numpy())
    data = {
        "demand_id": ids,
        "kind": _read_kinds(raw, found, sieve, compounds=areas | counted),
        "name": read_texts(raw, found, "name"),
        "population": population,
        "area_m2": np.where(areas, areas_m2(geometry), np.nan_to_num(given_m2)),
        "unit_id": read_texts(raw, found, "unit_id"),
        **read_groups(raw, found, sieve, population, blank=0.0),
        **extra_columns(raw, found, (*COLUMNS, *group_like(raw), "geometry")),
    }
    return sieve.finish(gpd.GeoDataFrame(data, geometry=geometry), DEMAND)


def _read_population(
    raw: RawTable, found: Mapping[str, str], sieve: Sieve, persons_per_household: float
) -> tuple[FloatArray, BoolArray]:
    """Return residents of every row, and which of them were counted in households; rows without either are refused."""
    population = read_numbers(raw, found, "population", sieve)
    households = read_numbers(raw, found, "households", sieve)
    counted = np.isnan(population) & ~np.isnan(households)
    residents = np.where(counted, households * persons_per_household, population)
    names = [found[name] for name in ("population", "households") if name in found]
    sieve.refuse(np.isnan(residents), "no_residents", ["; ".join(f"{name}=" for name in names)] * len(raw.lines))
    return residents, counted


def _read_kinds(raw: RawTable, found: Mapping[str, str], sieve: Sieve, *, compounds: BoolArray) -> list[str]:
    texts = read_texts(raw, found, "kind")
    standard = ["compound" if compound else "point" for compound in compounds]
    words = [find_word(text, KIND_WORDS) if text else kind for text, kind in zip(texts, standard, strict=True)]
    unknown = np.array([word is None for word in words], bool)
    sieve.refuse(unknown, "unknown_kind", [f"{found.get('kind', 'kind')}={text}" for text in texts])
    return [word or "" for word in words]
