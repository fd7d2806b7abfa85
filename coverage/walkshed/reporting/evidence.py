"""The evidence pack: everything a result rests on, in one zip file that can be computed again."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from walkshed.errors import InputError
from walkshed.files import replacing, scratch, zip_into
from walkshed.inputs.archives import check_zip
from walkshed.parameters import StudyConfig
from walkshed.progress import silent
from walkshed.reporting.document.pdf import write_pdf
from walkshed.reporting.document.word import write_docx
from walkshed.reporting.outputs import write_outputs
from walkshed.reporting.summary import summarise, versions
from walkshed.study import run_study
from walkshed.study.records import file_sha256
from walkshed.study.variants import input_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date as date_type
    from os import PathLike

    from walkshed.progress import Progress
    from walkshed.results import StudyResult

SCHEMA: Final = 1
MANIFEST: Final = "manifest.json"
STUDY: Final = "study/study.toml"
RESULTS: Final = "results"
SHAPEFILE: Final = ".shp"
STAMP: Final = (2000, 1, 1, 0, 0, 0)
"""Every member has this date, so that equal results make equal packs."""
TOLERANCE: Final = 1e-6
"""Relative; figures in summary.json are rounded to six decimals."""
DIFFERENCES_SHOWN: Final = 50
MEMBERS_MAX: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What came of computing a pack again.

    Attributes
    ----------
    same
        Whether every file is what it was, and every figure came out again.
    figures
        How many figures and texts were compared.
    differences
        What differs: where, then, now; at most fifty.
    damaged
        Files of the pack that are not what its manifest says.
    """

    same: bool
    figures: int
    differences: tuple[tuple[str, object, object], ...]
    damaged: tuple[str, ...]


def write_pack(
    result: StudyResult,
    path: str | PathLike[str],
    *,
    language: str | None = None,
    date: str = "",
    dated: date_type | None = None,
    progress: Progress = silent,
) -> None:
    """Write reports, layers, tables, the study and its inputs as one zip file.

    Parameters
    ----------
    result
        The study's result.
    path
        File; replaced at once or not at all.
    language
        Of the report; the study's own by default.
    date
        Of the snapshot.
    dated
        Date on the reports; today by default.
    progress
        Called before every file.

    Notes
    -----
    Inputs inside the study's folder are packed as they are; of those elsewhere (another folder, a dependency, the
    internet) only the digest is kept, and :func:`verify_pack` needs them where ``study.toml`` says.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    spoken = language or result.config.report.language
    with scratch("pack") as folder:
        results = folder / RESULTS
        write_outputs(result, results, language=spoken, date=date, progress=progress)
        write_docx(result, results / "report.docx", language=spoken, dated=dated)
        write_pdf(result, results / "report.pdf", language=spoken, dated=dated)
        target = folder / STUDY
        target.parent.mkdir()
        target.write_text(result.config.to_toml(), encoding="utf-8")
        members = {file.relative_to(folder).as_posix(): file for file in sorted(results.iterdir())}
        members[STUDY] = target
        members |= {f"study/{name}": file for name, file in _packed_inputs(result.config)}
        manifest = {
            "schema": SCHEMA,
            "files": {name: file_sha256(file) for name, file in sorted(members.items())},
            "inputs": [
                {"layer": record.layer, "source": record.source, "sha256": record.sha256}
                for record in result.inputs.records
            ],
            "versions": versions(),
        }
        with replacing(Path(path)) as draft, zip_into(draft) as archive:
            told = json.dumps(manifest, ensure_ascii=False, indent=2)
            _add(archive, MANIFEST, told.encode())
            for name, file in sorted(members.items()):
                _add(archive, name, file.read_bytes())


def verify_pack(path: str | PathLike[str], *, progress: Progress = silent) -> Verification:
    """Compute a pack again and compare every figure.

    Parameters
    ----------
    path
        From :func:`write_pack`.
    progress
        Called at every stage of the study.

    Returns
    -------
    Verification

    Raises
    ------
    InputError
        If the file is no evidence pack.
    WalkshedError
        If the study cannot be computed, for example since an input that was not packed is missing.
    """
    with scratch("verify") as folder:
        manifest = _unpack(Path(path), folder)
        wanted = manifest["files"]
        damaged = tuple(
            name
            for name, digest in wanted.items()
            if not (folder / name).is_file() or file_sha256(folder / name) != digest
        )
        then = _summary(folder)
        # What the figures come from must be whole; where only results were changed, it can be told what was changed.
        if then is None or any(not name.startswith(f"{RESULTS}/") for name in damaged):
            return Verification(same=False, figures=0, differences=(), damaged=damaged)
        result = run_study(StudyConfig.from_toml(folder / STUDY), progress=progress)
        now = json.loads(json.dumps(summarise(result)))
    for told in (then, now):
        told.pop("run", None)
    differences = list(_differences(then, now, ""))
    return Verification(
        same=not differences and not damaged,
        figures=sum(1 for _ in _leaves(then)),
        differences=tuple(differences[:DIFFERENCES_SHOWN]),
        damaged=damaged,
    )


def _summary(folder: Path) -> dict[str, Any] | None:
    """Return the figures of an unpacked pack, None where they cannot be read."""
    try:
        told = json.loads((folder / RESULTS / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def _packed_inputs(config: StudyConfig) -> Iterator[tuple[str, Path]]:
    """Return the study's own input files with their names inside its folder, the parts of shapefiles too."""
    inside = config.folder.resolve()
    seen: set[Path] = set()
    for file in input_files(config).values():
        parts = sorted(file.parent.glob(f"{file.stem}.*")) if file.suffix.lower() == SHAPEFILE else [file]
        for part in parts:
            if part.is_file() and part.is_relative_to(inside) and part not in seen:
                seen.add(part)
                yield part.relative_to(inside).as_posix(), part


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, STAMP)
    member.external_attr = 0o644 << 16
    archive.writestr(member, content, zipfile.ZIP_DEFLATED, 6)


def _unpack(path: Path, folder: Path) -> dict[str, Any]:
    """Unpack the members that the manifest names, and nothing else, to below a folder; return the manifest."""
    names = {member.filename for member in check_zip(path)}
    with zipfile.ZipFile(path) as archive:
        try:
            manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
            wanted = [str(name) for name in manifest["files"]]
            schema = manifest["schema"]
        except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise InputError("pack_unreadable", path=path.name, detail=type(error).__name__) from error
        if schema != SCHEMA or len(wanted) > MEMBERS_MAX or any(not _is_inside(name) for name in wanted):
            raise InputError("pack_unreadable", path=path.name, detail=f"schema {schema}")
        for name in wanted:
            if name in names:
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
    return manifest


def _is_inside(name: str) -> bool:
    """Say whether a member's name stays inside the folder it is unpacked to."""
    place = PurePosixPath(name)
    return not place.is_absolute() and ".." not in place.parts and "\\" not in name and ":" not in name and name != ""


def _differences(then: Any, now: Any, where: str) -> Iterator[tuple[str, object, object]]:  # noqa: ANN401 - JSON
    if isinstance(then, dict) and isinstance(now, dict):
        for key in dict.fromkeys((*then, *now)):
            yield from _differences(then.get(key), now.get(key), f"{where}.{key}" if where else str(key))
    elif isinstance(then, list) and isinstance(now, list):
        if len(then) != len(now):
            yield where, len(then), len(now)
            return
        for place, (one, other) in enumerate(zip(then, now, strict=True)):
            yield from _differences(one, other, f"{where}[{place}]")
    elif not _equal(then, now):
        yield where, then, now


def _equal(then: object, now: object) -> bool:
    if isinstance(then, float) or isinstance(now, float):
        if not (isinstance(then, int | float) and isinstance(now, int | float)):
            return False
        return abs(then - now) <= TOLERANCE * max(1.0, abs(then), abs(now))
    return then == now


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
