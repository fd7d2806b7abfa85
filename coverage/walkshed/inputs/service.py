"""How OpenStreetMap is asked on the internet: where, how patiently, and what a failure is called.

OSMnx speaks the protocols. Left alone it writes its cache into the working folder, sleeps and retries without end
when a server is busy, asks a public name server when there is no connection, takes half an answer for a whole one,
and leaves ``socket.getaddrinfo`` replaced. All that is set right here, for the time of one question.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlparse

import requests
import shapely

from walkshed.catalogue import text
from walkshed.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Answer = TypeVar("Answer")

BUSY = (requests.codes.too_many_requests, requests.codes.service_unavailable, requests.codes.gateway_timeout)
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
        Seconds to wait in all for a busy server, after which it counts as failed.
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


class _Trouble(Exception):  # noqa: N818 - never leaves this module
    """An answer that must not be used; ``key`` and ``fields`` tell what is wrong with it."""

    def __init__(self, key: str, url: str, *, retry_after_s: float | None = None, **fields: str | int) -> None:
        super().__init__(key)
        self.key, self.url, self.retry_after_s = key, url, retry_after_s
        self.fields: dict[str, Any] = {**fields}


def ask(thing: What, question: Callable[[], Answer], *, service: Service | None = None, **settings: object) -> Answer:
    """Ask through OSMnx.

    Parameters
    ----------
    thing
        For messages; see :func:`what`.
    question
        Calls OSMnx.
    service
        Where and how patiently to ask.
    **settings
        More settings of OSMnx for this question.

    Raises
    ------
    FetchError
        If the server cannot be reached, is busy for too long, refuses, or its answer is broken or half.
    NothingFoundError
        If the answer is empty.
    """
    service = service or Service()
    deadline = time.monotonic() + service.patience_s
    with _one_at_a_time, _configured(service, settings) as insufficient:
        while True:
            try:
                return question()
            except _Trouble as trouble:
                wait_s = _wait_s(trouble, service) if trouble.key == "fetch_busy" else float("inf")
                if time.monotonic() + wait_s > deadline:
                    where = _host(trouble.url)
                    raise FetchError(trouble.key, what=thing, where=where, **trouble.fields) from trouble
                time.sleep(wait_s)
            except insufficient as nothing:
                raise NothingFoundError(str(nothing)) from nothing
            except requests.RequestException as error:
                raise _unreachable(error, thing) from error
            except json.JSONDecodeError as error:  # answers from the net were looked at before
                raise FetchError("fetch_cache_broken", what=thing, folder=str(_cache_of(service))) from error
            except shapely.errors.ShapelyError as error:
                raise FetchError("fetch_half", what=thing, where="OpenStreetMap", detail=_start(str(error))) from error
            except (KeyError, IndexError, AttributeError) as error:
                raise FetchError("fetch_garbage", what=thing, where="OpenStreetMap", detail=repr(error)) from error


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
        use_cache=True,
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
        later = response.headers.get("Retry-After", "")
        seconds = float(later) if later.isdigit() else None
        raise _Trouble("fetch_busy", url, retry_after_s=seconds, status=response.status_code)
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


def _wait_s(trouble: _Trouble, service: Service) -> float:
    """Return how long a busy server wants to be left alone."""
    if trouble.retry_after_s is not None:
        return max(trouble.retry_after_s, SHORTEST_WAIT_S)
    if not _is_overpass(trouble.url):
        return USUAL_WAIT_S
    try:  # Overpass tells on a page of its own when the next slot is free
        status = requests.get(
            trouble.url.rpartition("/")[0] + "/status", timeout=service.connect_s, headers={"User-Agent": USER_AGENT}
        ).text
    except requests.RequestException:
        return USUAL_WAIT_S
    if re.search(r"[1-9]\d* slots? available now", status):
        return SHORTEST_WAIT_S
    waits = [float(seconds) for seconds in re.findall(r"in (-?\d+) seconds", status)]
    return max(min(waits, default=USUAL_WAIT_S), SHORTEST_WAIT_S)


def _unreachable(error: requests.RequestException, thing: What) -> FetchError:
    where = _host(str(error.request.url)) if error.request is not None else "?"
    if isinstance(error, requests.exceptions.ReadTimeout):
        return FetchError("fetch_slow", what=thing, where=where)
    return FetchError("fetch_offline", what=thing, where=where, detail=_reason(error))


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
