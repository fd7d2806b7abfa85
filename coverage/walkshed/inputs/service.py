"""How OpenStreetMap is asked on the internet: where, how patiently, and what a failure is called.

OSMnx speaks the protocols. Left alone it writes its cache into the working folder, sleeps and retries without end
when a server is busy, asks a public name server when there is no connection, takes half an answer for a whole one,
and leaves ``socket.getaddrinfo`` replaced. All that is set right here, for the time of one question.
"""

from __future__ import annotations

import json
import math
import os
import re
import socket
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlparse

import requests
import shapely

from walkshed.catalogue import text
from walkshed.errors import FetchError
from walkshed.progress import silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from walkshed.progress import Progress

    Answer = TypeVar("Answer")

BUSY = (
    requests.codes.too_many_requests, requests.codes.bad_gateway, requests.codes.service_unavailable,
    requests.codes.gateway_timeout,
)  # fmt: skip
TRIES = {
    "fetch_busy": 1000, "fetch_offline": 2, "fetch_slow": 1, "fetch_broken": 3, "fetch_half": 3, "fetch_garbage": 2,
}  # fmt: skip
"""How often a question is asked again after each kind of failure, as far as the patience goes; others not at all."""
SERVER_FAULTS = 500
"""Statuses from here on are the server's own failures."""
LOOK_EVERY_S = 0.2
PARTS_OF = {"node": ("lat", "lon"), "way": ("nodes",), "relation": ("members",)}
SHORTEST_WAIT_S = 1.0
USUAL_WAIT_S = 5.0
"""How long to wait for a busy server that does not say when it will be free."""

USER_AGENT = "walkshed (reading-room coverage planning; OSMnx)"
"""The rules of both services ask programs to say who they are."""

_one_at_a_time = threading.RLock()


@dataclass(frozen=True, kw_only=True)
class Service:
    """Where OpenStreetMap is asked, and how patiently.

    Attributes
    ----------
    nominatim_url, overpass_url
        Servers for areas by name and for everything else; blank for those of ``osmnx.settings``.
    connect_s, answer_s
        Seconds to wait for a connection and for an answer.
    patience_s
        Seconds to pause in all before asking again, after which the server counts as failed: a busy server says how
        long itself, other pauses double from one second. 0 asks once.
    cache_folder
        Where answers are kept; the user's cache folder by default. An answer kept there is not asked for again:
        delete the folder to have fresh data.
    """

    nominatim_url: str = ""
    overpass_url: str = ""
    connect_s: float = 10.0
    answer_s: float = 180.0
    patience_s: float = 60.0
    cache_folder: Path | None = None


class What(NamedTuple):
    """What is being fetched, in words of either language."""

    en: str
    zh: str


def what(key: str, **fields: object) -> What:
    """Return the words for something to fetch; ``key`` stands in the catalogue's ``errors``."""
    return What(text(f"errors.{key}", "en", **fields), text(f"errors.{key}", "zh", **fields))


class NothingFoundError(Exception):
    """The server answered well, and there is nothing."""


class _CacheError(Exception):
    """The cache takes no answer."""


class _Trouble(Exception):  # noqa: N818 - never leaves this module
    """An answer that must not be used; ``key`` and ``fields`` tell what is wrong with it."""

    def __init__(self, key: str, url: str, *, retry_after_s: float | None = None, **fields: str | int) -> None:
        super().__init__(key)
        self.key, self.url, self.retry_after_s = key, url, retry_after_s
        self.fields: dict[str, Any] = {**fields}


class _Broken(_Trouble):
    """Something broken was in the cache and was taken out of it: the same question may help at once."""


def ask(
    thing: What,
    question: Callable[[], Answer],
    *,
    service: Service | None = None,
    progress: Progress = silent,
    **settings: object,
) -> Answer:
    """Ask through OSMnx, again where that may help, and keep the answer.

    Parameters
    ----------
    thing
        For messages; see :func:`what`.
    question
        Calls OSMnx.
    service
        Where and how patiently to ask.
    progress
        Called a few times a second with ``"fetch"`` while an answer is awaited (seconds so far, seconds at most) and
        with ``"fetch_wait"`` before the server is asked again. What it raises ends the waiting at once; a question that
        is under way is left to itself and ends with its own time limit.
    **settings
        More settings of OSMnx for this question.

    Raises
    ------
    FetchError
        If the server cannot be reached, is busy for too long, refuses, or its answer is broken or half, every time.
    NothingFoundError
        If the answer is empty.
    """
    service = service or Service()
    waited_s, failures, renewed, use_cache = 0.0, 0, False, _takes_files(_cache_of(service))
    while True:
        configured = {"use_cache": use_cache, **settings}
        try:
            return _answer(question, service, configured, progress)
        except _CacheError:
            use_cache = False
        except _Trouble as trouble:
            if isinstance(trouble, _Broken) and not renewed:
                renewed = True
                continue
            failures += 1
            wait_s = _wait_s(trouble, failures, service)
            if failures > TRIES.get(trouble.key, 0) or waited_s + wait_s > service.patience_s:
                raise _told(trouble, thing, service) from trouble
            waited_s += wait_s
            _pause(wait_s, progress)


def _answer(
    question: Callable[[], Answer], service: Service, settings: dict[str, object], progress: Progress
) -> Answer:
    """Ask once, in a thread of its own, so that the asker hears when it is to stop."""
    box: list[Answer | BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            with _one_at_a_time, _configured(service, settings) as insufficient:
                box.append(_asked(question, service, insufficient))
        except BaseException as error:  # noqa: BLE001 - the asker raises it again
            box.append(error)
        finally:
            done.set()

    began = time.monotonic()
    threading.Thread(target=work, name="walkshed-fetch", daemon=True).start()
    while not done.wait(LOOK_EVERY_S):
        most = max(1, round(service.answer_s))
        progress("fetch", min(round(time.monotonic() - began), most), most)
    given = box[0]
    if isinstance(given, BaseException):
        raise given
    return given


def _asked(question: Callable[[], Answer], service: Service, insufficient: type[Exception]) -> Answer:
    """Ask, and name what goes wrong: :class:`_Trouble` whatever came from the net, else what the cache did."""
    try:
        return question()
    except insufficient as nothing:
        raise NothingFoundError(str(nothing)) from nothing
    except requests.RequestException as error:
        raise _unreachable(error) from error
    except OSError as error:  # the answer came and cannot be kept
        raise _CacheError from error
    except (ValueError, KeyError, IndexError, AttributeError, TypeError, shapely.errors.ShapelyError) as error:
        # Answers from the net were looked at before, but not into their depth; those of the cache were not.
        kind = _Broken if _drop_broken(_cache_of(service)) else _Trouble
        if isinstance(error, shapely.errors.ShapelyError):
            raise kind("fetch_half", "", detail=_start(str(error))) from error
        raise kind("fetch_garbage", "", detail=repr(error)) from error


def _told(trouble: _Trouble, thing: What, service: Service) -> FetchError:
    where = _host(trouble.url) if trouble.url else "OpenStreetMap"
    fields = {"folder": str(_cache_of(service)), **trouble.fields}
    return FetchError(trouble.key, what=thing, where=where, **fields)


def _pause(seconds: float, progress: Progress) -> None:
    """Wait, and hear meanwhile whether to stop."""
    began = time.monotonic()
    while (spent := time.monotonic() - began) < seconds:
        progress("fetch_wait", int(spent), max(1, math.ceil(seconds)))
        time.sleep(min(LOOK_EVERY_S, seconds - spent))


def _takes_files(folder: Path) -> bool:
    """Say whether answers can be kept in a folder; where they cannot, they are asked for every time."""
    try:
        there = next(place for place in (folder, *folder.parents) if place.exists())
    except OSError:
        return False
    return there.is_dir() and os.access(there, os.W_OK)


def _drop_broken(folder: Path) -> int:
    """Delete the answers in a cache that are cut off or no answers; return how many there were."""
    dropped = 0
    for path in folder.glob("*.json"):
        try:
            whole = _is_answer(json.loads(path.read_text(encoding="utf-8")))
        except ValueError:
            whole = False
        except OSError:
            continue
        if not whole:
            path.unlink(missing_ok=True)
            dropped += 1
    return dropped


def _is_answer(answer: object) -> bool:
    """Say whether something has the shape of an answer of Overpass or of Nominatim."""
    if isinstance(answer, list):
        return all(isinstance(place, dict) and "display_name" in place for place in answer)
    elements = answer.get("elements") if isinstance(answer, dict) else None
    return isinstance(elements, list) and all(
        isinstance(item, dict)
        and {"type", "id", *PARTS_OF.get(item["type"] if isinstance(item.get("type"), str) else "", ())} <= item.keys()
        for item in elements
    )


def cache_folder() -> Path:
    """Return the user's folder for answers, by the custom of the operating system."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "walkshed" / "openstreetmap"


def _cache_of(service: Service) -> Path:
    return service.cache_folder or cache_folder()


@contextmanager
def _configured(service: Service, more: dict[str, Any]) -> Iterator[type[Exception]]:
    """Set OSMnx as it must be and set it back afterwards; yield its error for an empty answer."""
    from osmnx import settings  # noqa: PLC0415 - OSMnx takes a second to load, and most studies fetch nothing
    from osmnx._errors import InsufficientResponseError  # noqa: PLC0415 - as above; it has no public name

    before = dict(vars(settings))
    resolve = socket.getaddrinfo
    vars(settings).update(
        nominatim_url=service.nominatim_url or settings.nominatim_url,
        overpass_url=service.overpass_url or settings.overpass_url,
        overpass_rate_limit=False,  # waiting is done here, within the patience
        overpass_settings=settings.overpass_settings.replace("{timeout}", str(round(service.answer_s))),
        requests_timeout=(service.connect_s, service.answer_s),
        requests_kwargs=settings.requests_kwargs | {"hooks": {"response": _check_answer}},
        doh_url_template=None,  # offline is offline: do not ask a public name server instead
        http_user_agent=USER_AGENT,
        cache_folder=_cache_of(service),
        **more,
    )
    try:
        yield InsufficientResponseError
    finally:
        vars(settings).update(before)
        vars(socket)["getaddrinfo"] = resolve  # OSMnx pins the server's address and never lets go


def _check_answer(response: requests.Response, *_: object, **__: object) -> None:
    """Look at an answer before OSMnx does."""
    try:
        _refuse_unusable(response)
    except Exception:
        response.close()  # nobody else will: OSMnx never sees it
        raise


def _refuse_unusable(response: requests.Response) -> None:
    url = response.url
    if response.is_redirect:
        return
    if response.status_code in BUSY:
        later = _seconds(response.headers.get("Retry-After", ""))
        raise _Trouble("fetch_busy", url, retry_after_s=later, status=response.status_code)
    if response.status_code >= SERVER_FAULTS:
        raise _Trouble("fetch_broken", url, status=response.status_code)
    if not response.ok:
        raise _Trouble("fetch_refused", url, status=response.status_code)
    try:
        answer = response.json()
    except requests.exceptions.JSONDecodeError as error:
        raise _Trouble("fetch_garbage", url, detail=_start(response.text)) from error
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
        raise _Trouble("fetch_half", url, detail=_reason(error)) from error
    if isinstance(answer, dict) and "error" in str(answer.get("remark", "")):
        raise _Trouble("fetch_half", url, detail=_start(str(answer["remark"])))
    if _is_overpass(url):
        answer = answer.get("elements") if isinstance(answer, dict) else None
    if not isinstance(answer, list):
        raise _Trouble("fetch_garbage", url, detail=_start(response.text))


def _seconds(later: str) -> float | None:
    """Return what ``Retry-After`` says, seconds or a date, as seconds from now."""
    if later.isdigit():
        return float(later)
    try:
        return (parsedate_to_datetime(later) - datetime.now(tz=UTC)).total_seconds()
    except (ValueError, TypeError):
        return None


def _wait_s(trouble: _Trouble, failures: int, service: Service) -> float:
    """Return how long to leave a server alone after so many failures."""
    if trouble.key != "fetch_busy":
        return float(SHORTEST_WAIT_S * 2.0 ** (failures - 1))
    if trouble.retry_after_s is not None:
        return max(trouble.retry_after_s, SHORTEST_WAIT_S)
    usual_s = float(USUAL_WAIT_S * 2.0 ** (failures - 1))
    if not _is_overpass(trouble.url):
        return usual_s
    try:  # Overpass tells on a page of its own when the next slot is free
        status = requests.get(
            trouble.url.rpartition("/")[0] + "/status", timeout=service.connect_s, headers={"User-Agent": USER_AGENT}
        ).text
    except requests.RequestException:
        return usual_s
    if re.search(r"[1-9]\d* slots? available now", status):
        return SHORTEST_WAIT_S
    waits = [float(seconds) for seconds in re.findall(r"in (-?\d+) seconds", status)]
    return max(min(waits, default=usual_s), SHORTEST_WAIT_S)


def _unreachable(error: requests.RequestException) -> _Trouble:
    url = str(error.request.url) if error.request is not None else ""
    if isinstance(error, requests.exceptions.ReadTimeout):
        return _Trouble("fetch_slow", url)
    return _Trouble("fetch_offline", url, detail=_reason(error))


def _reason(error: BaseException) -> str:
    """Return what the innermost error says, without the layers of libraries around it."""
    causes = [error]
    while causes[-1].__context__ is not None:
        causes.append(causes[-1].__context__)
    said = [cause.strerror for cause in reversed(causes) if isinstance(cause, OSError) and cause.strerror]
    return said[0] if said else type(causes[-1]).__name__


def _is_overpass(url: str) -> bool:
    return urlparse(url).path.endswith("/interpreter")


def _host(url: str) -> str:
    return urlparse(url).netloc or "?"


def _start(answer: str, length: int = 80) -> str:
    """Return the first words of an answer, on one line."""
    line = " ".join(answer.split())
    return line if len(line) <= length else line[:length] + "…"
