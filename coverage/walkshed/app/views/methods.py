"""方法 Methods: what every figure means, on what it rests, where the data is from."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from walkshed.app import parts, state
from walkshed.app.errors import explained
from walkshed.app.texts import language, safe, say, term
from walkshed.reporting.keyfigures import approval_line, source_line
from walkshed.reporting.scenario import rules_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

BASES = ("E", "E_buildings", "D", "C", "A", "B", "F")
FIGURES = ("minutes", "covered", "unserved", "reasons", "gaps", "median", "isochrone", "disagreement")
SITING_FIGURES = ("newly", "bound", "mip_gap")
PACKAGES = (
    "walkshed", "geopandas", "shapely", "osmnx", "folium", "streamlit", "numpy", "numba", "scipy", "highspy", "pyproj",
)  # fmt: skip


def show(config: StudyConfig) -> None:
    """Draw the page; the definitions stand also where the study itself cannot be computed."""
    parts.heading(say("page_methods"), config)
    head = [say("column_figure"), say("column_definition")]
    parts.subheading(say("rates_definitions"), say("rates_definitions_help"))
    parts.table(head, [(term("basis", basis), _definition(basis)) for basis in BASES], kind="defs")
    parts.subheading(say("figures_definitions"))
    parts.table(head, [(say(f"figure_{name}"), say(f"define_{name}")) for name in FIGURES], kind="defs")
    parts.subheading(say("siting_definitions"))
    parts.table(head, [(say(f"figure_{name}"), say(f"define_{name}")) for name in SITING_FIGURES], kind="defs")
    parts.subheading(say("assumptions"), say("assumptions_help"))
    parts.table([say("column_setting"), say("column_value")], list(_assumptions(config)), kind="defs")
    with explained():
        result = state.current_result(config)
        parts.notes(result)
        _sources(result)
    parts.subheading(say("licences"))
    parts.table([say("column_part"), say("column_licence")], list(_licences()), kind="defs")
    parts.subheading(say("versions"), say("digest", digest=config.digest()[:16]))
    st.html(f'<p class="ws-meta">{safe(" · ".join(f"{name} {_version(name)}" for name in PACKAGES))}</p>')


def _definition(basis: str) -> str:
    """Return numerator and denominator of a basis."""
    return f"{term('basis', f'{basis}_numerator')} ÷ {term('basis', f'{basis}_denominator')}"


def _assumptions(config: StudyConfig) -> Iterator[tuple[str, str]]:
    walking, network, residents = config.walking, config.network, config.residents
    for profile in state.profiles(config):
        speed = config.speed_kmh(profile)
        told = say("value_speed", speed_kmh=f"{speed:g}", speed_ms=f"{speed / 3.6:.2f}")
        rules = rules_text(config.profiles[profile], language())
        yield say("setting_speed", who=term("profile", profile)), say("list_semicolon").join([told, rules])
    yield say("setting_cutoffs"), say("value_minutes", minutes=" / ".join(f"{c:g}" for c in walking.cutoffs_min))
    yield say("setting_direction"), say(f"direction_{walking.direction}")
    yield say("setting_snap"), say("value_metres", metres=f"{network.snap_max_m:g}")
    yield say("setting_fragment"), say("value_metres", metres=f"{network.fragment_max_m:g}")
    yield say("setting_private"), say("value_yes" if config.access.private else "value_no")
    yield say("setting_gates"), say(f"gates_{config.access.gates}")
    yield say("setting_ways"), _open_ways(config)
    yield say("setting_buffer"), say("value_metres", metres=f"{walking.isochrone_buffer_m:g}")
    if residents.source == "raster":
        yield say("setting_residents"), say("residents_raster", name=Path(residents.raster).name)
    elif residents.source == "file":
        yield say("setting_residents"), say("residents_file", household=f"{residents.persons_per_household:g}")
    elif residents.kind == "buildings":
        told = say("residents_buildings", area=f"{residents.m2_per_person:g}", levels=f"{residents.default_levels:g}")
        yield say("setting_residents"), told
    else:
        density = f"{residents.landuse_persons_per_hectare:g}"
        yield say("setting_residents"), say("residents_landuse", density=density)
    if residents.raster and residents.source != "raster":
        yield say("setting_residents"), say("residents_raster_onto", name=Path(residents.raster).name)
    if residents.unit_totals:
        yield say("setting_residents"), say("residents_totals")
    serving = say("list_comma").join(term("status", status) for status in config.facilities.serving)
    yield say("setting_serving"), serving
    yield (
        say("setting_candidates"),
        say(f"candidates_{config.candidates.source}", spacing=f"{config.candidates.spacing_m:g}"),
    )


def _open_ways(config: StudyConfig) -> str:
    rules = say("ways_rules")
    if not (config.access.allow or config.access.forbid):
        return rules
    allow, forbid = (say("list_comma").join(tags) or "-" for tags in (config.access.allow, config.access.forbid))
    return say("ways_own", rules=rules, allow=allow, forbid=forbid)


def _sources(result: StudyResult) -> None:
    parts.subheading(say("sources"), source_line(result, language()))
    st.html(f'<p class="ws-small">{safe(approval_line(result, language()))}</p>')


def _licences() -> Iterator[tuple[str, str]]:
    for part in ("osm", "leaflet", "font", "walkshed"):
        yield say(f"licence_{part}_name"), say(f"licence_{part}")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return say("version_unknown")
