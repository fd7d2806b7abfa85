"""Private studies: a folder each on this machine, reached only by who holds its token, which stands in the address.

A change of a private study is a file written into its folder and a changed ``study.toml``; it is kept only when the
study, read and computed the normal way, still works.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app.file_names import DRAFT, file_name, without_folder
from walkshed.app.study_files import (
    STUDY,
    check_paths,
    copy_study,
    pack_study,
    path_fields,
    unpack_study,
)
from walkshed.app.workspace_root import root
from walkshed.errors import WalkshedError
from walkshed.files import scratch, settle, write_whole
from walkshed.inputs.contents import check_content
from walkshed.parameters import StudyConfig
from walkshed.scaffold import init_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TOKEN_KEY: Final = "own"  # noqa: S105 - a name, no secret
"""In the session; the address carries it under the same name."""
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22}")
TOKEN_BYTES: Final = 16
KEPT_DAYS: Final = 30
"""A private study that nobody opened for so long goes."""
BEGUN: Final = "begun"
"""File beside the study's folder, as old as the private study is."""
_locks: dict[str, Lock] = {}
_guard: Final = Lock()


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


def copy_own(config: StudyConfig) -> str:
    """Copy a study on offer into a private one that no session has open yet.

    Parameters
    ----------
    config
        As its ``study.toml`` says.

    Returns
    -------
    str
        The token that opens the copy: :func:`discard` it where it comes to nothing.
    """
    return make_study(lambda folder: copy_study(config, folder))


def is_private(folder: Path) -> bool:
    """Say whether a study's folder is a private one; a session only ever gets to see its own."""
    return bool(TOKEN.fullmatch(folder.parent.name)) and folder.parent.parent == root()


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
    with scratch("open") as place:
        archive = place / file_name(name)
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
        _locks.pop(str(folder), None)


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
        Name in the folder -> content, of new files. Take names from :func:`walkshed.app.file_names.free_name`: those
        that the study uses now must stay for the case that the change fails.
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
                write_whole(path, content)
                written.append(path)
                check_content(path)
            draft.write_text(config.to_toml(), encoding="utf-8")
            changed = StudyConfig.from_toml(draft)
            check_paths(changed)
            check(changed)
            settle(draft, folder / STUDY)
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
