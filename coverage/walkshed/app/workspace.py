"""Private studies: a folder each on this machine, reached only by who holds its token, which stands in the address.

A change of a private study is a file written into its folder and a changed ``study.toml``; it is kept only when the
study, read and computed the normal way, still works.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app.study_files import (
    STUDY,
    check_content,
    check_paths,
    copy_study,
    pack_study,
    path_fields,
    unpack_study,
)
from walkshed.errors import InputError, WalkshedError
from walkshed.parameters import StudyConfig
from walkshed.reporting.files import replacing
from walkshed.scaffold import init_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT_VARIABLE: Final = "WALKSHED_WORKSPACE"
TOKEN_KEY: Final = "own"  # noqa: S105 - a name, no secret
"""In the session; the address carries it under the same name."""
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22}")
TOKEN_BYTES: Final = 16
KEPT_DAYS: Final = 30
"""A private study that nobody opened for so long goes."""
BEGUN: Final = "begun"
"""File beside the study's folder, as old as the private study is."""
DRAFT: Final = "study.draft.toml"
UNSAFE_IN_NAME: Final = re.compile(r"[^\w.\-()]+")
MAX_NAME, MAX_NAME_BYTES = 80, 180
_locks: dict[str, Lock] = {}
_guard: Final = Lock()


def root() -> Path:
    """Return the folder of all private studies, readable by this program's user alone.

    ``WALKSHED_WORKSPACE`` names it; else it lies in the system's folder for temporary files.

    Raises
    ------
    InputError
        If it cannot be made, or belongs to somebody else.
    """
    named = os.environ.get(ROOT_VARIABLE)
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(named) if named else Path(tempfile.gettempdir()) / f"walkshed-workspace-{user}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not named:  # anybody may have put a folder, or a link, of that name there before us
            facts = folder.lstat()
            if folder.is_symlink() or (hasattr(os, "getuid") and facts.st_uid != os.getuid()):
                raise InputError("workspace_foreign", where=str(folder))
            folder.chmod(0o700)
    except OSError as error:
        raise InputError("folder_unwritable", where=str(folder), why=error.strerror or str(error)) from error
    return folder.resolve()


def folder_of(token: object) -> Path | None:
    """Return the folder of the private study that a token opens; ``None`` for any other text."""
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        return None
    folder = root() / token / "study"
    return folder if (folder / STUDY).is_file() else None


def make_study(fill: Callable[[Path], object]) -> str:
    """Make a private study.

    Parameters
    ----------
    fill
        Gets an empty folder and writes the study into it; if it fails, nothing is left.

    Returns
    -------
    str
        The token that opens the study.
    """
    sweep()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    top = root() / token
    top.mkdir(mode=0o700)
    folder = top / "study"
    folder.mkdir()
    try:
        fill(folder)
        (top / BEGUN).touch()
    except BaseException as error:
        shutil.rmtree(top, ignore_errors=True)
        if isinstance(error, WalkshedError):
            raise without_folder(error, folder) from None
        raise
    return token


def sweep() -> None:
    """Delete the private studies that nobody opened for :data:`KEPT_DAYS` days."""
    oldest = time.time() - KEPT_DAYS * 86_400
    for top in root().iterdir():
        if TOKEN.fullmatch(top.name) and top.is_dir() and not top.is_symlink() and top.stat().st_mtime < oldest:
            shutil.rmtree(top, ignore_errors=True)


# --- the private study of this session


def own_study() -> Path | None:
    """Return the folder of this session's private study, if it has one."""
    return folder_of(st.session_state.get(TOKEN_KEY))


def begin_own(config: StudyConfig) -> Path:
    """Make this session's private study a copy of a study on offer.

    Parameters
    ----------
    config
        As its ``study.toml`` says. Where it is the private study already, nothing is done.

    Returns
    -------
    pathlib.Path
        The private study's folder. A former private study stays on disk: :func:`discard` it when the new one works.
    """
    own = own_study()
    if own is not None and config.folder == own:
        return own
    return _hold(make_study(lambda folder: copy_study(config, folder)))


def open_zip(content: bytes, name: str) -> Path:
    """Make this session's private study the one of a zip file; a former one is deleted.

    Parameters
    ----------
    content
        The file.
    name
        Its name, for messages.

    Raises
    ------
    WalkshedError
        As :func:`walkshed.app.study_files.unpack_study`.
    """
    with tempfile.TemporaryDirectory(prefix="walkshed-open-") as place:
        archive = Path(place) / file_name(name)
        archive.write_bytes(content)
        token = make_study(lambda folder: unpack_study(archive, folder))
    forget()
    return _hold(token)


def start_empty(language: str) -> Path:
    """Make this session's private study an empty one; a former one is deleted.

    Parameters
    ----------
    language
        Of the comments in its ``study.toml``.
    """

    def fill(folder: Path) -> None:
        init_study(folder, language=language)

    token = make_study(fill)
    forget()
    return _hold(token)


def _hold(token: str) -> Path:
    """Take over a private study."""
    st.session_state[TOKEN_KEY] = token
    folder = own_study()
    assert folder is not None  # noqa: S101 - made a moment ago
    return folder


def forget() -> None:
    """Delete this session's private study."""
    discard(st.session_state.pop(TOKEN_KEY, None))


def discard(token: object) -> None:
    """Delete the private study that a token opens, if it opens one."""
    folder = folder_of(token)
    if folder is not None:
        shutil.rmtree(folder.parent, ignore_errors=True)


def touch(folder: Path) -> None:
    """Note that a private study is in use."""
    os.utime(folder.parent)


def is_newer(file: Path, folder: Path) -> bool:
    """Say whether a file came into a private study after that was begun."""
    begun = folder.parent / BEGUN
    return file.is_file() and begun.is_file() and file.stat().st_mtime >= begun.stat().st_mtime


def read_own(folder: Path) -> StudyConfig:
    """Return the settings of a private study.

    Raises
    ------
    WalkshedError
        If they are wrong, or name a file outside of it; no path of this machine is told.
    """
    try:
        config = StudyConfig.from_toml(folder)
        check_paths(config)
    except WalkshedError as error:
        raise without_folder(error, folder) from None
    return config


def zip_bytes(folder: Path) -> bytes:
    """Return a study as one zip file, see :func:`walkshed.app.study_files.pack_study`."""
    return pack_study(StudyConfig.from_toml(folder))


# --- changes


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let nobody else change the same study: the same address may be open in two windows."""
    with _guard:
        lock = _locks.setdefault(str(folder), Lock())
    with lock:
        yield


def change_study(
    config: StudyConfig, *, files: Mapping[str, bytes] | None = None, check: Callable[[StudyConfig], object]
) -> StudyConfig:
    """Change a private study, or leave it as it was.

    Parameters
    ----------
    config
        The changed settings; ``config.folder`` is the private study.
    files
        Name in the folder -> content, of new files. Take names from :func:`free_name`: those that the study uses now
        must stay for the case that the change fails.
    check
        Reads and computes the changed study. What it raises is raised, and nothing is changed.

    Returns
    -------
    StudyConfig
        As read from the new ``study.toml``.

    Raises
    ------
    WalkshedError
        If the settings contradict each other, or from ``check``.
    """
    folder = config.folder
    draft = folder / DRAFT
    written: list[Path] = []
    with _alone(folder):
        try:
            for name, content in (files or {}).items():
                path = folder / name
                with replacing(path) as part:
                    part.write_bytes(content)
                written.append(path)
                check_content(path)
            draft.write_text(config.to_toml(), encoding="utf-8")
            changed = StudyConfig.from_toml(draft)
            check_paths(changed)
            check(changed)
            draft.replace(folder / STUDY)
        except BaseException as error:  # also where the user leaves the page meanwhile
            for path in (*written, draft):
                path.unlink(missing_ok=True)
            if isinstance(error, WalkshedError):
                raise without_folder(error, folder) from error
            raise
        _clear(changed)
    return changed


def _clear(config: StudyConfig) -> None:
    """Delete the tables and layers that a private study no longer names."""
    used = {Path(value).stem for _, _, value in path_fields(config)}
    for file in config.folder.iterdir():
        if (
            file.is_file()
            and file.name != STUDY
            and file.suffix.lower() not in {".md", ".txt"}
            and file.stem not in used
        ):
            file.unlink()


def free_name(config: StudyConfig, wanted: str) -> str:
    """Return a file name close to ``wanted`` that the study does not use now."""
    name = file_name(wanted)
    used = {value for _, _, value in path_fields(config)} | {STUDY, DRAFT}
    ending = next((end for end in (".osm.pbf", ".osm.gz", ".osm.bz2") if name.endswith(end)), Path(name).suffix)
    stem, number = name.removesuffix(ending), 1
    while name in used:
        number += 1
        name = f"{stem}-{number}{ending}"
    return name


def file_name(name: str) -> str:
    """Return a name a file may safely have on this machine, close to the one given.

    Examples
    --------
    >>> file_name("../../阅览室 名单.csv"), file_name("<b>.xlsx"), file_name("town.OSM.PBF")
    ('阅览室_名单.csv', '_b_.xlsx', 'town.osm.pbf')
    """
    base = UNSAFE_IN_NAME.sub("_", Path(name.replace("\\", "/")).name)
    low = base.lower()
    ending = next((end for end in (".osm.pbf", ".osm.gz", ".osm.bz2") if low.endswith(end)), Path(low).suffix)
    stem = base[: len(base) - len(ending)].lstrip(".") if ending else base.lstrip(".")
    while len(stem.encode()) > MAX_NAME_BYTES:
        stem = stem[:-1]
    return f"{stem[:MAX_NAME] or 'data'}{ending}"


def without_folder(error: WalkshedError, folder: Path) -> WalkshedError:
    """Return an error that does not tell where on this machine the study lies."""
    where = sorted({str(folder), str(folder.resolve())}, key=len, reverse=True)

    def told(value: object) -> object:
        if not isinstance(value, str):
            return value
        for start in where:
            value = value.replace(f"{start}{os.sep}", "").replace(start, "study")
        return value.replace(DRAFT, STUDY)

    fields = {name: told(value) for name, value in error.message.fields.items()}
    return type(error)(error.message.key.removeprefix("errors."), problems=error.problems, **fields)
