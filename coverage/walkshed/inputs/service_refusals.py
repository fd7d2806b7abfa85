"""Answers of OpenStreetMap's servers that must not be used: what is wrong with them, and how long to wait then."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlparse

import requests

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
SHORTEST_WAIT_S = 1.0
USUAL_WAIT_S = 5.0
"""How long to wait for a busy server that does not say when it will be free."""

USER_AGENT = "walkshed (reading-room coverage planning; OSMnx)"
"""The rules of both services ask programs to say who they are."""


class Trouble(Exception):  # noqa: N818 - the asker turns it into a FetchError
    """An answer that must not be used; ``key`` and ``fields`` tell what is wrong with it."""

    def __init__(self, key: str, url: str, *, retry_after_s: float | None = None, **fields: str | int) -> None:
        super().__init__(key)
        self.key, self.url, self.retry_after_s = key, url, retry_after_s
        self.fields: dict[str, Any] = {**fields}


class Broken(Trouble):
    """Something broken was in the cache and was taken out of it: the same question may help at once."""


def check_answer(response: requests.Response, *_: object, **__: object) -> None:
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
        raise Trouble("fetch_busy", url, retry_after_s=later, status=response.status_code)
    if response.status_code >= SERVER_FAULTS:
        raise Trouble("fetch_broken", url, status=response.status_code)
    if not response.ok:
        raise Trouble("fetch_refused", url, status=response.status_code)
    try:
        answer = response.json()
    except requests.exceptions.JSONDecodeError as error:
        raise Trouble("fetch_garbage", url, detail=first_words(response.text)) from error
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
        raise Trouble("fetch_half", url, detail=_reason(error)) from error
    if isinstance(answer, dict) and "error" in str(answer.get("remark", "")):
        raise Trouble("fetch_half", url, detail=first_words(str(answer["remark"])))
    if _is_overpass(url):
        answer = answer.get("elements") if isinstance(answer, dict) else None
    if not isinstance(answer, list):
        raise Trouble("fetch_garbage", url, detail=first_words(response.text))


def _seconds(later: str) -> float | None:
    """Return what ``Retry-After`` says, seconds or a date, as seconds from now."""
    if later.isdigit():
        return float(later)
    try:
        return (parsedate_to_datetime(later) - datetime.now(tz=UTC)).total_seconds()
    except (ValueError, TypeError):
        return None


def wait_s(trouble: Trouble, failures: int, *, connect_s: float) -> float:
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
            trouble.url.rpartition("/")[0] + "/status", timeout=connect_s, headers={"User-Agent": USER_AGENT}
        ).text
    except requests.RequestException:
        return usual_s
    if re.search(r"[1-9]\d* slots? available now", status):
        return SHORTEST_WAIT_S
    waits = [float(seconds) for seconds in re.findall(r"in (-?\d+) seconds", status)]
    return max(min(waits, default=usual_s), SHORTEST_WAIT_S)


def unreachable(error: requests.RequestException) -> Trouble:
    """Name what kept an answer from coming."""
    url = str(error.request.url) if error.request is not None else ""
    if isinstance(error, requests.exceptions.ReadTimeout):
        return Trouble("fetch_slow", url)
    return Trouble("fetch_offline", url, detail=_reason(error))


def _reason(error: BaseException) -> str:
    """Return what the innermost error says, without the layers of libraries around it."""
    causes = [error]
    while causes[-1].__context__ is not None:
        causes.append(causes[-1].__context__)
    said = [cause.strerror for cause in reversed(causes) if isinstance(cause, OSError) and cause.strerror]
    return said[0] if said else type(causes[-1]).__name__


def _is_overpass(url: str) -> bool:
    return urlparse(url).path.endswith("/interpreter")


def host(url: str) -> str:
    """Return the server's name and port, ``?`` where an address has none."""
    return urlparse(url).netloc or "?"


def first_words(answer: str, length: int = 80) -> str:
    """Return the first words of an answer, on one line."""
    line = " ".join(answer.split())
    return line if len(line) <= length else line[:length] + "…"
