"""Files that appear at once or not at all, folders for scratch work, and what a failed write is called.

Every writer of this package writes through :func:`replacing`: to a draft beside the file, which takes the file's name
when it is complete. A program that is killed leaves a draft behind, never half a file; the next write into the same
folder takes the draft away. Scratch folders of a killed program go when the next one is made.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
import tempfile
import time
import zipfile
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from walkshed.errors import InputError, WalkshedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARK: Final = "walkshed-"
NAMED: Final = re.compile(r"\.?walkshed-(?:[a-z]+-)?([0-9a-f]{6})-(\d{1,9})-[0-9a-f]{8}(?:\D.*)?", re.DOTALL)
"""Drafts and scratch folders: the machine and the process that made them stand in their names."""
OLD_S: Final = 86_400.0
"""What another machine left in a shared folder counts as left behind after a day."""
PROBE_BYTES: Final = 1_000_000
LONG_ENDINGS: Final = (".osm.pbf", ".osm.gz", ".osm.bz2")
"""Endings that programs look at as a whole."""
FULL: Final = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
CLOSED: Final = (errno.EROFS, errno.EACCES, errno.EPERM)
IN_THE_WAY: Final = (errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY)
_held: set[Path] = set()
_last_acts: list[Callable[[], object]] = []


@contextmanager
def replacing(path: str | os.PathLike[str], *, durable: bool = True) -> Iterator[Path]:
    """Give the name of a draft beside ``path`` and rename it to ``path`` when the block ends well.

    Parameters
    ----------
    path
        File to write; one that exists is replaced at once, so that a reader never sees half a file, and stays as it is
        when the block raises or the program ends within it.
    durable
        Have the system write the file to the disk before it takes its name, so that a power cut leaves the old file or
        the new one; not needed for what can be made again at any time.

    Yields
    ------
    Path
        Name to write to, in the same folder and with the same ending. Removed when the block raises.

    Raises
    ------
    OSError
        If the file cannot be written. What a library raises in words of its own because the disk is full becomes the
        system's own error.
    """
    target = Path(path)
    _sweep(target.parent)
    draft = target.with_name(f".{_stamp()}{_ending(target.name)}")
    _held.add(draft)
    try:
        yield draft
        settle(draft, target, durable=durable)
    except WalkshedError:
        raise
    except Exception as error:
        if not isinstance(error, OSError) or error.errno is None:
            _probe(draft, error)
        raise
    finally:
        _drop(draft)
        _held.discard(draft)


def write_whole(path: str | os.PathLike[str], content: bytes | str, *, durable: bool = True) -> None:
    """Write a file at once or not at all; texts in UTF-8. See :func:`replacing`.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    with replacing(path, durable=durable) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def zip_into(draft: Path, compression: int = zipfile.ZIP_STORED) -> Iterator[zipfile.ZipFile]:
    """Write a zip file into a draft of :func:`replacing`; left to itself a zip file that failed complains once more.

    Parameters
    ----------
    draft
        Where to write.
    compression
        As :class:`zipfile.ZipFile` takes it.
    """
    with draft.open("wb", buffering=0) as stream:
        archive = zipfile.ZipFile(stream, "w", compression)
        try:
            yield archive
            archive.close()
        except BaseException:
            archive.fp = None
            raise


def reserve(draft: Path, size: int) -> None:
    """Find out whether a disk has room for a file, for writers that do not survive it when there is none.

    Parameters
    ----------
    draft
        From :func:`replacing`; it is empty afterwards.
    size
        Bytes that the file may take at most.

    Raises
    ------
    OSError
        If it has not.
    """
    block = bytes(min(size, PROBE_BYTES))
    with draft.open("wb") as stream:
        for _ in range(-(-size // PROBE_BYTES)):
            stream.write(block)
        stream.flush()
        os.fsync(stream.fileno())
        stream.truncate(0)


def settle(draft: Path, target: Path, *, durable: bool = True) -> None:
    """Give a complete file its name, in place of the file that had it.

    Parameters
    ----------
    draft, target
        In the same folder.
    durable
        See :func:`replacing`.

    Raises
    ------
    OSError
        If the disk is full, or the file cannot be renamed.
    """
    if durable:
        with draft.open("r+b") as written:
            os.fsync(written.fileno())
    os.replace(draft, target)  # noqa: PTH105 - replaces on every system, also where the target exists
    if durable and hasattr(os, "O_DIRECTORY"):
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        with suppress(OSError):  # some network drives know no such thing; the file itself is safe
            os.fsync(folder)
        os.close(folder)


@contextmanager
def scratch(purpose: str) -> Iterator[Path]:
    """Give a folder for scratch work, which goes with the block.

    Parameters
    ----------
    purpose
        A word of small letters, for whoever looks into the folder of temporary files.

    Raises
    ------
    OSError
        As :func:`replacing`.
    """
    folder = make_scratch(purpose)
    try:
        yield folder
    except WalkshedError:
        raise
    except Exception as error:
        if not isinstance(error, OSError) or error.errno is None:
            _probe(folder / "probe", error)
        raise
    finally:
        drop_scratch(folder)


def make_scratch(purpose: str) -> Path:
    """Return a new folder for scratch work, readable by this program's user alone.

    It goes with :func:`drop_scratch`, or when a later program finds that this one has ended.
    """
    place = Path(tempfile.gettempdir())
    _sweep(place)
    folder = place / _stamp(f"{purpose}-")
    _held.add(folder)  # before it is there: another thread may sweep in between
    folder.mkdir(mode=0o700)
    return folder


def drop_scratch(folder: Path) -> None:
    """Delete a folder of :func:`make_scratch`."""
    shutil.rmtree(folder, ignore_errors=True)
    _held.discard(folder)


@contextmanager
def last_act(act: Callable[[], object]) -> Iterator[None]:
    """While the block runs, have :func:`abandon` do this first: end programs that this one has started, for example."""
    _last_acts.append(act)
    try:
        yield
    finally:
        _last_acts.remove(act)


def abandon() -> None:
    """Delete every draft and scratch folder of this process, because it ends without running to the end."""
    for act in reversed(_last_acts):
        with suppress(Exception):
            act()
    for path in tuple(_held):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            _drop(path)


def unwritable(folder: Path | str, error: OSError) -> InputError:
    """Return the error to raise when files cannot be written: what happened, where, why, what to do.

    Parameters
    ----------
    folder
        Where files were to be written.
    error
        What the system said.
    """
    where = str(folder)
    why = error.strerror or str(error)
    if error.errno in FULL:
        named = Path(str(error.filename)).parent if isinstance(error.filename, str) and error.filename else None
        scratched = named is not None and any(NAMED.fullmatch(part) for part in named.parts)
        return InputError("disk_full", where=tempfile.gettempdir() if scratched else where, why=why)
    if error.errno in CLOSED:
        return InputError("folder_closed", where=where, why=why)
    if error.errno in IN_THE_WAY:
        return InputError("folder_blocked", where=where, what=str(error.filename or where), why=why)
    return InputError("folder_unwritable", where=where, why=why)


def _ending(name: str) -> str:
    return next((ending for ending in LONG_ENDINGS if name.lower().endswith(ending)), Path(name).suffix)


@cache
def _machine() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:6]


def _stamp(purpose: str = "") -> str:
    return f"{MARK}{purpose}{_machine()}-{os.getpid()}-{secrets.token_hex(4)}"


def _drop(draft: Path) -> None:
    """Delete a draft, and what a database keeps beside it."""
    for path in (draft, *(draft.with_name(draft.name + tail) for tail in ("-journal", "-wal", "-shm"))):
        with suppress(OSError):  # the folder may be gone, or closed to us by now
            path.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Delete what programs that were killed have left in a folder."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith((f".{MARK}", MARK)) and _is_left(Path(entry.path)):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    with suppress(OSError):
                        Path(entry.path).unlink()


def _is_left(path: Path) -> bool:
    """Say whether the program that made a draft or a scratch folder has ended."""
    named = NAMED.fullmatch(path.name)
    if named is None or path in _held:
        return False
    machine, process = named[1], int(named[2])
    if machine == _machine() and hasattr(os, "getuid"):
        return process == os.getpid() or not _is_alive(process)
    try:
        return time.time() - path.lstat().st_mtime > OLD_S
    except OSError:
        return False


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)  # asks, and sends nothing
    except ProcessLookupError:
        return False
    except OSError:  # it runs as another user
        return True
    return True


def _probe(draft: Path, error: Exception) -> None:
    """Raise the system's own error if the disk beside a draft that failed takes nothing more."""
    probe = draft.with_name(f".{_stamp()}")
    try:
        size = draft.stat().st_size if draft.exists() else 0
        with probe.open("xb") as stream:
            stream.write(bytes(PROBE_BYTES))
            stream.seek(size + PROBE_BYTES)  # a hole, which takes no room but meets a limit of a file's size
            stream.write(b"0")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as full:
        raise OSError(full.errno, full.strerror, str(draft)) from error
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
