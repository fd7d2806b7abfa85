"""How OpenStreetMap is asked on the internet: where, and how patiently.

OSMnx speaks the protocols. Left alone it writes its cache into the working folder, sleeps and retries without end
when a server is busy, asks a public name server when there is no connection, takes half an answer for a whole one,
and leaves ``socket.getaddrinfo`` replaced. All that is set right here, for the time of one question.
"""

from __future__ import annotations

import math
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import requests
import shapely

from walkshed.catalogue import text
from walkshed.errors import FetchError
from walkshed.inputs.service_cache import cache_folder, drop_broken, takes_files
from walkshed.inputs.service_refusals import (
    TRIES,
    USER_AGENT,
    Broken,
    Trouble,
    check_answer,
    first_words,
    host,
    unreachable,
    wait_s,
)
from walkshed.progress import silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from walkshed.progress import Progress

    Answer = TypeVar("Answer")

LOOK_EVERY_S = 0.2
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
    waited_s, failures, renewed, use_cache = 0.0, 0, False, takes_files(_cache_of(service))
    while True:
        configured = {"use_cache": use_cache, **settings}
        try:
            return _answer(question, service, configured, progress)
        except _CacheError:
            use_cache = False
        except Trouble as trouble:
            if isinstance(trouble, Broken) and not renewed:
                renewed = True
                continue
            failures += 1
            pause_s = wait_s(trouble, failures, connect_s=service.connect_s)
            if failures > TRIES.get(trouble.key, 0) or waited_s + pause_s > service.patience_s:
                raise _told(trouble, thing, service) from trouble
            waited_s += pause_s
            _pause(pause_s, progress)


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
    """Ask, and name what goes wrong: :class:`Trouble` whatever came from the net, else what the cache did."""
    try:
        return question()
    except insufficient as nothing:
        raise NothingFoundError(str(nothing)) from nothing
    except requests.RequestException as error:
        raise unreachable(error) from error
    except OSError as error:  # the answer came and cannot be kept
        raise _CacheError from error
    except (ValueError, KeyError, IndexError, AttributeError, TypeError, shapely.errors.ShapelyError) as error:
        # Answers from the net were looked at before, but not into their depth; those of the cache were not.
        kind = Broken if drop_broken(_cache_of(service)) else Trouble
        if isinstance(error, shapely.errors.ShapelyError):
            raise kind("fetch_half", "", detail=first_words(str(error))) from error
        raise kind("fetch_garbage", "", detail=repr(error)) from error


def _told(trouble: Trouble, thing: What, service: Service) -> FetchError:
    where = host(trouble.url) if trouble.url else "OpenStreetMap"
    fields = {"folder": str(_cache_of(service)), **trouble.fields}
    return FetchError(trouble.key, what=thing, where=where, **fields)


def _pause(seconds: float, progress: Progress) -> None:
    """Wait, and hear meanwhile whether to stop."""
    began = time.monotonic()
    while (spent := time.monotonic() - began) < seconds:
        progress("fetch_wait", int(spent), max(1, math.ceil(seconds)))
        time.sleep(min(LOOK_EVERY_S, seconds - spent))


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
        requests_kwargs=settings.requests_kwargs | {"hooks": {"response": check_answer}},
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
