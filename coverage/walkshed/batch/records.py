"""What a finished district leaves in its folder, and whether it still holds."""

from __future__ import annotations

import hashlib
import json
import shutil
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import shapely

from walkshed.reporting.outputs import OUTPUTS
from walkshed.study.records import file_sha256
from walkshed.study.variants import input_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

RECORD: Final = "district.json"
SUMMARY: Final = OUTPUTS[0]
SCHEMA: Final = 1
OUTLINE_TOLERANCE_SHARE: Final = 0.002
"""Of an outline's longer side; a national map shows no more."""
OUTLINE_DIGITS: Final = 5
SHAPEFILE: Final = ".shp"
RENAMES: Final = 5


class District(NamedTuple):
    """A finished district.

    Attributes
    ----------
    summary
        What ``summary.json`` holds.
    outline
        Of the study area, EPSG:4326, as WKT with about a metre's precision.
    credits
        Whom its data is owed to, by language.
    """

    summary: dict[str, Any]
    outline: str
    credits: dict[str, str]


def district_digest(config: StudyConfig) -> str:
    """Return a SHA-256 of all that a district's figures depend on: settings, files, and the version of walkshed."""
    lines = [version("walkshed"), config.digest()]
    for section, path in sorted(input_files(config).items()):
        lines += [f"{section}={file.suffix}:{file_sha256(file)}" for file in _parts(path)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _parts(path: Path) -> Iterator[Path]:
    if path.suffix.lower() == SHAPEFILE:
        yield from sorted(file for file in path.parent.glob(f"{path.stem}.*") if file.is_file())
    else:
        yield path


def outline_of(result: StudyResult) -> str:
    """Return the outline of a study area as a national map shows it, WKT in EPSG:4326."""
    area = result.inputs.boundary.geometry.union_all()
    west, south, east, north = area.bounds
    thin = area.simplify(max(east - west, north - south) * OUTLINE_TOLERANCE_SHARE)
    return str(shapely.to_wkt(thin, rounding_precision=OUTLINE_DIGITS))


def write_record(
    folder: Path, *, digest: str, keep: Sequence[str], language: str, outline: str, credits_: dict[str, str]
) -> None:
    """Write the record beside the files of a district, in a folder that nobody reads yet."""
    record = {
        "schema": SCHEMA, "digest": digest, "keep": sorted(keep), "language": language, "outline": outline,
        "credits": credits_,
        "files": {file.name: file_sha256(file) for file in sorted(folder.iterdir()) if file.name != RECORD},
    }  # fmt: skip
    (folder / RECORD).write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def read_record(folder: Path, *, digest: str, keep: Sequence[str], language: str) -> District | None:
    """Return a finished district, or ``None`` where it has to be computed (again).

    It holds where digest and language are the same, every file asked for was written, and no file was changed since.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        same = (record["schema"], record["digest"], record["language"]) == (SCHEMA, digest, language)
        if not same or not set(keep) <= set(record["keep"]):
            return None
        if any(file_sha256(folder / name) != known for name, known in record["files"].items()):
            return None
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        return District(summary, str(record["outline"]), dict(record["credits"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def is_ours(folder: Path) -> bool:
    """Say whether a folder may be replaced: it is absent, empty, or a batch made it."""
    return not folder.exists() or (folder.is_dir() and ((folder / RECORD).is_file() or not any(folder.iterdir())))


def publish(draft: Path, folder: Path) -> None:
    """Give a finished folder its name; what stood there goes, files that are not of a batch are taken over.

    Raises
    ------
    OSError
        If the folder cannot be renamed.
    """
    old = draft.with_name(f"{draft.name}.old")
    for attempt in range(RENAMES):
        try:
            if folder.exists():
                folder.rename(old)
            draft.rename(folder)
            break
        except OSError:  # another worker may have published the same district in between
            if attempt == RENAMES - 1:
                raise
    if old.exists():
        own = _files_of(old)
        for entry in old.iterdir():
            if entry.name not in own and not (folder / entry.name).exists():
                entry.rename(folder / entry.name)
        shutil.rmtree(old, ignore_errors=True)


def _files_of(folder: Path) -> set[str]:
    try:
        return {RECORD, *json.loads((folder / RECORD).read_text(encoding="utf-8"))["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {RECORD}
