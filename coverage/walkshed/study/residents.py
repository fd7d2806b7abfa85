"""Where a study's residents come from: a table, buildings, land, a raster, and the totals of its units."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from walkshed.errors import InputError
from walkshed.inputs.demand import read_demand
from walkshed.inputs.population_cells import cells_from_centres
from walkshed.inputs.population_groups import group_names, group_notes
from walkshed.inputs.population_homes import raster_onto_homes
from walkshed.inputs.population_raster import read_population_raster
from walkshed.inputs.reads import Read, empty_rejects
from walkshed.inputs.residents import estimate_residents, landuse_residents
from walkshed.inputs.spread import scale_to_units, spread_totals
from walkshed.progress import silent
from walkshed.study.layers import osm_layer

if TYPE_CHECKING:
    import geopandas as gpd

    from walkshed.errors import Message
    from walkshed.parameters import StudyConfig
    from walkshed.progress import Progress


class Residents(NamedTuple):
    """The residents of a study.

    Attributes
    ----------
    read
        Demand table and rejects.
    unplaced
        People of unit totals or of a raster who are in no row, with the reason; empty where there are none.
    estimate
        The same residents as estimated from buildings or land, where another source then said how many they are.
    notes
        What a reader must know.
    """

    read: Read
    unplaced: pd.DataFrame
    estimate: gpd.GeoDataFrame | None
    notes: tuple[Message, ...]


def load_residents(
    config: StudyConfig, boundary: gpd.GeoDataFrame, units: gpd.GeoDataFrame, *, progress: Progress = silent
) -> Residents:
    """Read or estimate the residents inside the boundary.

    Parameters
    ----------
    config
        The study.
    boundary
        One row, EPSG:4326.
    units
        With ``population`` where their totals are to count.
    progress
        Hears of waiting for the internet and may end it.

    Raises
    ------
    InputError
        If a file cannot be used, or nobody lives there.
    """
    source = config.residents
    read, notes = _first(config, boundary, progress)
    table, before = read.table, read.table
    unplaced: list[pd.DataFrame] = []
    if source.source != "raster" and source.raster:
        spread = raster_onto_homes(
            config.resolve(source.raster), table, boundary, weight=_weight(table), holds=source.raster_holds
        )
        table = spread.table
        notes += spread.notes()
        unplaced.append(pd.DataFrame(spread.unplaced))
    if source.unit_totals:
        by_floor = "floor_m2" in table and not source.raster
        groups = group_names(units)
        totals = spread_totals(table, units, groups=groups) if by_floor else scale_to_units(table, units, groups=groups)
        table = totals.table
        notes += totals.notes()
        unplaced.append(totals.unplaced)
    if table.empty:
        raise InputError("no_residents", where=source.path or config.network.path, kind=source.kind)
    changed = table is not before and source.source == "osm"
    return Residents(
        read=read._replace(table=table),
        unplaced=pd.concat(unplaced, ignore_index=True) if unplaced else pd.DataFrame(),
        estimate=before if changed else None,
        notes=(*notes, *group_notes(table, id_column="demand_id")),
    )


def _first(config: StudyConfig, boundary: gpd.GeoDataFrame, progress: Progress) -> tuple[Read, tuple[Message, ...]]:
    """Return residents by the study's first source."""
    source = config.residents
    if source.source == "file":
        read = read_demand(
            config.resolve(source.path),
            columns=source.columns,
            datum=source.datum,
            persons_per_household=source.persons_per_household,
            boundary=boundary,
        )
        return (read._replace(table=cells_from_centres(read.table)) if source.cell_centres else read), ()
    if source.source == "raster":
        found = read_population_raster(config.resolve(source.raster), boundary, holds=source.raster_holds)
        return Read(found.table, empty_rejects()), found.counted.notes()
    landuse = osm_layer(config, boundary, "landuse", progress=progress)
    if source.kind == "buildings":
        table = estimate_residents(
            osm_layer(config, boundary, "buildings", progress=progress),
            m2_per_person=source.m2_per_person,
            default_levels=source.default_levels,
            landuse=landuse,
        )
    else:
        table = landuse_residents(landuse, persons_per_hectare=source.landuse_persons_per_hectare)
    inside = table.geometry.representative_point().within(boundary.geometry.iloc[0])
    return Read(table[inside].reset_index(drop=True), empty_rejects()), ()


def _weight(table: gpd.GeoDataFrame) -> str:
    return "floor_m2" if "floor_m2" in table else "population"
