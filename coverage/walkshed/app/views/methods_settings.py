"""Settings and assumptions of a study, in words, and every setting as it stands in study.toml."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from walkshed.app import parts, state
from walkshed.app.texts import language, say, term
from walkshed.catalogue import has, text
from walkshed.reporting.scenario import rules_text
from walkshed.reporting.wording import percent
from walkshed.toml_records import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from walkshed.parameters import StudyConfig


def show(config: StudyConfig) -> None:
    """Draw the settings of a study, with the session's choices."""
    variant = state.settled(config)
    head = [say("column_setting"), say("column_value")]
    parts.subheading(say("assumptions"), say("assumptions_help"))
    parts.table(head, list(_assumptions(variant)), kind="defs")
    parts.subheading(say("siting_assumptions"), say("siting_assumptions_help"))
    parts.table(head, list(_siting(variant)), kind="defs")
    with st.expander(say("every_setting")):
        rows = list(_every(variant))
        names = [say("column_key"), say("column_value"), say("column_meaning")]
        st.dataframe(pd.DataFrame(rows, columns=pd.Index(names)), hide_index=True)


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


def _siting(config: StudyConfig) -> Iterator[tuple[str, str]]:
    siting = config.siting
    yield say("setting_model"), say(f"figure_{siting.model}")
    if siting.model == "lscp":
        yield say("setting_share"), percent(siting.share)
    else:
        yield say("new_rooms"), f"{siting.new_rooms:,}"
    if siting.budget:
        yield say("setting_budget"), f"{siting.budget:,.0f}"
    if siting.model in {"p_median", "p_center"}:
        yield say("setting_horizon"), say("value_minutes", minutes=f"{siting.horizon_min:g}")
    if siting.spacing_m:
        yield say("setting_spacing"), say("value_metres", metres=f"{siting.spacing_m:g}")
    yield say("setting_time_limit"), say("value_seconds", seconds=f"{siting.time_limit_s:g}")
    yield say("setting_mip_gap"), f"{siting.mip_gap:.2%}"
    yield say("setting_robustness"), say("value_yes" if siting.robustness else "value_no")


def _every(config: StudyConfig) -> Iterator[tuple[str, str, str]]:
    """Return every setting: its name in study.toml, its value, what it means."""
    tables: dict[str, dict[str, Any]] = plain(config, skip=("folder",))
    for table, settings in tables.items():
        for key, value in settings.items():
            name = f"config.{table}_{key}"
            told = text(name, language()) if has(name) else ""
            yield f"{table}.{key}", _as_text(value), " ".join(told.split())


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return say("value_yes" if value else "value_no")
    if isinstance(value, list | tuple):
        return say("list_comma").join(_as_text(part) for part in value)
    if isinstance(value, dict):
        return say("list_semicolon").join(f"{key}: {_as_text(part)}" for key, part in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
