"""The study's parameters: frozen, keyword-only dataclasses, one per table of ``study.toml``.

A field's limits stand in its metadata, its explanation in ``catalogue/config.toml`` under ``<table>_<field>``, so that
``walkshed init`` and the reference in docs/ are written from the same place. A configuration holds no data, only where
the data is and how to read it.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from walkshed.catalogue import has, text
from walkshed.contracts import STATUSES
from walkshed.coordinates import DATUMS
from walkshed.errors import ContractError, InputError, Message
from walkshed.norms import CircleRules, CriteriaRules, HoursRules, NameRules
from walkshed.planning import CandidateSource, Siting
from walkshed.toml_records import build_record, plain, write_tables
from walkshed.walkers import STANDARD_PROFILES, Access, Profile

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CUTOFF_MIN = 120.0
MAX_SETTINGS_BYTES = 1_000_000
TOLD_PROBLEMS = 100
DOTTED = re.compile(r"(?:^|[\[{,])[ \t]*+(?:[\w\"'-]++[ \t]*+\.[ \t]*+){64}", re.MULTILINE)
"""A key of more parts than any setting has."""
RECORDS = ("scenario.edits", "criteria.rules", "siting.floors", "siting.links")
SOURCE_NEEDS = {
    "boundary": {"file": "path", "place": "place"},
    "network": {"osm": "path", "graphml": "path", "saved": "path"},
    "facilities": {"file": "path", "osm": "tags"},
    "residents": {"file": "path", "raster": "raster"},
    "units": {"file": "path", "places": "path"},
    "candidates": {"file": "path", "osm": "tags"},
}


def _number(default: float, low: float, high: float) -> Any:  # noqa: ANN401 - dataclasses.field is typed the same way
    return field(default=default, metadata={"low": low, "high": high})


def _choice(default: str, *choices: str) -> Any:  # noqa: ANN401 - as above
    return field(default=default, metadata={"choices": choices})


@dataclass(frozen=True, kw_only=True)
class About:
    """``[study]``: what the study is called and what a reader must know."""

    id: str = "study"
    title_en: str = "Untitled study"
    title_zh: str = "未命名研究"
    note_en: str = ""
    note_zh: str = ""
    data_date: str = ""


@dataclass(frozen=True, kw_only=True)
class BoundarySource:
    """``[boundary]``: the area whose residents count."""

    source: str = _choice("extent", "extent", "file", "place", "units")
    path: str = ""
    place: str = ""
    datum: str = "wgs84"


@dataclass(frozen=True, kw_only=True)
class NetworkSource:
    """``[network]``: the walking network and how points are tied to it."""

    source: str = _choice("osm", "osm", "graphml", "saved", "download")
    path: str = ""
    elevation: str = ""
    snap_max_m: float = _number(100.0, 1.0, 2000.0)
    fragment_max_m: float = _number(500.0, 0.0, 100_000.0)


@dataclass(frozen=True, kw_only=True)
class FacilitySource:
    """``[facilities]``: the reading rooms there are, and which of them count as serving."""

    source: str = _choice("file", "file", "osm")
    path: str = ""
    datum: str = "wgs84"
    columns: dict[str, str] = field(default_factory=dict)
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    serving: tuple[str, ...] = ("open",)
    residents_per_capacity: float = _number(0.0, 0.0, 100_000.0)
    entrances: str = _choice("none", "none", "osm", "file")
    entrances_path: str = ""
    entrances_columns: dict[str, str] = field(default_factory=dict)
    entrances_datum: str = "wgs84"


@dataclass(frozen=True, kw_only=True)
class ResidentSource:
    """``[residents]``: where people live, and how many."""

    source: str = _choice("osm", "osm", "file", "raster")
    kind: str = _choice("buildings", "buildings", "landuse")
    path: str = ""
    raster: str = ""
    raster_holds: str = _choice("", "", "people", "people_per_km2", "people_per_hectare")
    unit_totals: bool = False
    cell_centres: bool = False
    datum: str = "wgs84"
    columns: dict[str, str] = field(default_factory=dict)
    m2_per_person: float = _number(40.0, 5.0, 500.0)
    default_levels: float = _number(3.0, 1.0, 60.0)
    persons_per_household: float = _number(2.6, 1.0, 10.0)
    landuse_persons_per_hectare: float = _number(150.0, 1.0, 3000.0)
    gates: str = _choice("none", "none", "osm", "file")
    gates_path: str = ""
    gates_columns: dict[str, str] = field(default_factory=dict)
    gates_datum: str = "wgs84"


@dataclass(frozen=True, kw_only=True)
class UnitSource:
    """``[units]``: the administrative units by which figures are told."""

    source: str = _choice("none", "none", "file", "osm", "places")
    path: str = ""
    datum: str = "wgs84"
    columns: dict[str, str] = field(default_factory=dict)
    admin_level: int = _number(10, 2, 12)
    denominators: str = ""
    denominators_columns: dict[str, str] = field(default_factory=dict)
    differ_share: float = _number(0.2, 0.0, 10.0)
    target: float = _number(0.8, 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Walking:
    """``[walking]``: who walks, how long, which way."""

    profile: str = "adult"
    compare_profiles: tuple[str, ...] = ("senior",)
    cutoffs_min: tuple[float, ...] = (5.0, 10.0, 15.0)
    cutoff_min: float = _number(15.0, 1.0, 120.0)
    direction: str = _choice("to_facility", "to_facility", "from_facility")
    isochrone_buffer_m: float = _number(40.0, 5.0, 200.0)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """``[scenario]``: edits of the network and the facilities; the study is then told before and after.

    ``edits`` are records as :func:`walkshed.network.edits.parse_edits` reads them.
    """

    name_en: str = ""
    name_zh: str = ""
    edits: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """``[report]``: what stands on what leaves the house."""

    language: str = _choice("zh", "zh", "en")
    author_unit: str = ""
    map_approval_number: str = ""
    sources: tuple[str, ...] = ()
    openstreetmap: bool = True


@dataclass(frozen=True, kw_only=True)
class StudyConfig:
    """Everything a study's result depends on, beside the input files themselves.

    Attributes
    ----------
    folder
        Where relative paths start; no part of the digest.
    """

    folder: Path = field(default=Path(), compare=False)
    study: About = field(default_factory=About)
    boundary: BoundarySource = field(default_factory=BoundarySource)
    network: NetworkSource = field(default_factory=NetworkSource)
    access: Access = field(default_factory=Access)
    facilities: FacilitySource = field(default_factory=FacilitySource)
    residents: ResidentSource = field(default_factory=ResidentSource)
    units: UnitSource = field(default_factory=UnitSource)
    walking: Walking = field(default_factory=Walking)
    profiles: dict[str, Profile] = field(default_factory=lambda: dict(STANDARD_PROFILES))
    scenario: Scenario = field(default_factory=Scenario)
    hours: HoursRules = field(default_factory=HoursRules)
    criteria: CriteriaRules = field(default_factory=CriteriaRules)
    circle: CircleRules = field(default_factory=CircleRules)
    names: NameRules = field(default_factory=NameRules)
    candidates: CandidateSource = field(default_factory=CandidateSource)
    siting: Siting = field(default_factory=Siting)
    report: Report = field(default_factory=Report)

    def speed_kmh(self, profile: str | None = None) -> float:
        """Return the flat walking speed of ``profile`` (the headline profile by default) in km/h."""
        return self.profiles[profile or self.walking.profile].speed_kmh

    def resolve(self, path: str) -> Path:
        """Return ``path`` as an absolute path, relative ones below the study's folder."""
        return (self.folder / path).resolve()

    @classmethod
    def from_toml(cls, path: Path | str) -> StudyConfig:
        """Read a study's configuration.

        Parameters
        ----------
        path
            ``study.toml`` or the folder that holds it.

        Raises
        ------
        InputError
            If there is no such file, it is no TOML, or longer or deeper than settings are.
        ContractError
            With every unknown key, wrong value and contradiction.
        """
        file = Path(path) / "study.toml" if Path(path).is_dir() else Path(path)
        try:
            data = tomllib.loads(_settings_text(file))
        except InputError:
            raise
        except FileNotFoundError:
            raise InputError("study_missing", where=str(file)) from None
        except OSError as error:
            raise InputError("study_unreadable", where=str(file), why=error.strerror or str(error)) from error
        except UnicodeDecodeError:
            raise InputError("study_encoding", where=str(file)) from None
        except RecursionError:
            raise InputError("study_nested", where=str(file)) from None
        except ValueError as error:  # no TOML, or a number of thousands of digits
            raise InputError("study_syntax", where=str(file), why=str(error)) from error
        config, problems = build_record(cls, _with_standard_profiles(data), skip=("folder",))
        config = replace(config, folder=file.resolve().parent)
        problems += [*_walking_problems(config), *_source_problems(config), *_datum_problems(config)]
        if len(problems) > TOLD_PROBLEMS:
            more = Message("errors.problems_more", {"count": len(problems) - TOLD_PROBLEMS})
            problems = [*problems[:TOLD_PROBLEMS], more]
        if problems:
            raise ContractError("study_invalid", problems=problems, where=str(file))
        return config

    def to_toml(self, *, comments: str = "") -> str:
        """Return the configuration as the text of a ``study.toml``.

        Parameters
        ----------
        comments
            ``"en"`` or ``"zh"`` explains every table and key in that language; empty writes none.
        """

        def comment(name: str) -> str:
            key = "config." + name.replace(".", "_")
            return text(key, comments) if comments and has(key) else ""

        return write_tables(plain(self, skip=("folder",)), comment, records=RECORDS)

    def digest(self) -> str:
        """Return a SHA-256 of the configuration; equal configurations have equal digests, wherever they lie."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()


def _settings_text(file: Path) -> str:
    """Return the text of a ``study.toml``.

    Raises
    ------
    InputError
        If it is no plain file, is too long, or has keys of so many parts that reading them takes for ever.
    """
    if file.exists() and not file.is_file():
        raise InputError("study_unreadable", where=str(file), why="-")
    with file.open("rb") as stream:
        content = stream.read(MAX_SETTINGS_BYTES + 1)
    if len(content) > MAX_SETTINGS_BYTES:
        raise InputError("study_long", where=str(file), max_kb=MAX_SETTINGS_BYTES // 1000)
    text_of_file = content.decode("utf-8")
    if DOTTED.search(text_of_file):
        raise InputError("study_nested", where=str(file))
    return text_of_file


def _with_standard_profiles(data: dict[str, Any]) -> dict[str, Any]:
    """Return parsed TOML with what the file leaves unsaid about the standard profiles."""
    given = data.get("profiles", {})
    if not isinstance(given, dict) or any(not isinstance(profile, dict) for profile in given.values()):
        return data  # refused in a moment
    merged = {name: plain(profile) | given.get(name, {}) for name, profile in STANDARD_PROFILES.items()}
    return data | {"profiles": merged | {name: profile for name, profile in given.items() if name not in merged}}


def _walking_problems(config: StudyConfig) -> Iterator[Message]:
    walking = config.walking
    for name in (walking.profile, *walking.compare_profiles):
        if name not in config.profiles:
            yield Message("errors.profile_unknown", {"profile": name, "known": ", ".join(config.profiles)})
    if not walking.cutoffs_min or any(not 0 < value <= MAX_CUTOFF_MIN for value in walking.cutoffs_min):
        yield Message("errors.cutoffs_range", {"high": MAX_CUTOFF_MIN})
    if walking.cutoff_min not in walking.cutoffs_min:
        yield Message("errors.cutoff_not_listed", {"cutoff": walking.cutoff_min})
    for status in config.facilities.serving:
        if status not in STATUSES:
            yield Message("errors.status_unknown", {"status": status, "known": ", ".join(STATUSES)})


def _source_problems(config: StudyConfig) -> Iterator[Message]:
    for table, sources in SOURCE_NEEDS.items():
        section = getattr(config, table)
        wanted = sources.get(section.source)
        if wanted and not getattr(section, wanted):
            yield Message("errors.source_needs", {"table": table, "source": section.source, "key": wanted})
    for table, key in (("facilities", "entrances"), ("residents", "gates")):
        section = getattr(config, table)
        if getattr(section, key) == "file" and not getattr(section, f"{key}_path"):
            yield Message("errors.source_needs", {"table": table, "source": "file", "key": f"{key}_path"})
    if not _is_monday(config.hours.week):
        yield Message("errors.hours_week", {"week": config.hours.week})
    if config.residents.unit_totals and config.units.source == "none":
        yield Message("errors.totals_need_units", {})
    if config.boundary.source == "units" and config.units.source == "none":
        yield Message("errors.boundary_needs_units", {})
    if config.boundary.source == "extent" and config.network.source == "download":
        yield Message("errors.download_needs_boundary", {})


def _datum_problems(config: StudyConfig) -> Iterator[Message]:
    given = [(table, "datum") for table in ("boundary", "facilities", "residents", "units", "candidates")]
    for table, key in (*given, ("facilities", "entrances_datum"), ("residents", "gates_datum")):
        datum = getattr(getattr(config, table), key)
        if datum not in DATUMS and not datum.upper().startswith("EPSG:"):
            yield Message("errors.datum_unknown", {"table": table, "datum": datum, "known": ", ".join(DATUMS)})


def _is_monday(day: str) -> bool:
    try:
        return date.fromisoformat(day).weekday() == 0
    except ValueError:
        return False
