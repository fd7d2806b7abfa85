"""The app run without a browser (AppTest) and with one (Chromium)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from walkshed.parameters import StudyConfig
from walkshed.study import load_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.results import StudyInputs

TIMEOUT_S = 300


class Page:
    """One page of the app in one session."""

    def __init__(self, app: AppTest) -> None:
        self.app = app

    def html(self) -> str:
        """Return all HTML pieces of the page, style sheets left out."""
        bodies = [element.proto.body for element in self.app.get("html")]
        return "\n".join(body for body in bodies if not body.startswith("<style>"))

    def map_parts(self) -> dict[str, Any]:
        """Return what the map's frame is sent."""
        frame = next(element for element in self.app.get("component_instance"))
        sent: dict[str, Any] = json.loads(frame.proto.json_args)
        return sent

    def map_script(self) -> str:
        """Return the texts among it."""
        sent = self.map_parts()
        return "\n".join(str(sent[part]) for part in ("html", "header", "script", "feature_group"))

    def go(self, name: str) -> Page:
        """Go to another page of the same session."""
        self.app._page_hash = calc_hash(name)
        return self.run()

    def run(self) -> Page:
        """Draw the page anew and fail on anything that Streamlit itself would show as an exception."""
        self.app.run()
        assert not self.app.exception
        return self

    def widget(self, kind: str, key: str) -> Any:
        """Return a widget by the session's key it sets."""
        return getattr(self.app, kind)(key=f"{key}_widget")


@pytest.fixture
def open_page(root: Path) -> Callable[..., Page]:
    """Open a page: name, then what its address holds (lang, study, min, who, rooms)."""

    def opened(name: str = "coverage", **address: str) -> Page:
        app = AppTest.from_file(str(root / "app.py"), default_timeout=TIMEOUT_S)
        for key, value in address.items():
            app.query_params[key] = value
        app._page_hash = calc_hash(name)
        return Page(app).run()

    return opened


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no connection leave the machine."""

    def refuse(*args: object, **kwargs: object) -> None:
        del args, kwargs
        message = "no network in tests"
        raise OSError(message)

    monkeypatch.setattr("socket.getaddrinfo", refuse)


@pytest.fixture(scope="session")
def helsinki(root: Path) -> StudyConfig:
    """Return the embedded study."""
    return StudyConfig.from_toml(root / "data" / "helsinki")


@pytest.fixture(scope="session")
def helsinki_inputs(helsinki: StudyConfig) -> StudyInputs:
    """Return its inputs."""
    return load_study(helsinki)
