"""One session of the app without a browser: Streamlit's protocol over a connection of its own."""

from __future__ import annotations

import asyncio
import random
import re
import time
import urllib.request
from typing import Any
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from tests.app.conftest import page_hash
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

MARK = "Marke-"
"""Start of the names of rooms; a number of two digits and another follow."""
MARKS = re.compile(MARK.encode() + rb"(\d\d)-")
LAYER = re.compile(rb"[\w-]+-[0-9a-f]{16}\.json")
PAGES = ("coverage", "data", "siting", "methods", "export", "compare")
MINUTES = ("5", "10", "15")
SETTLE_S = 600.0
OPEN_S = 60.0
"""A browser waits so long for a connection, too."""
THINK_S = (1.0, 4.0)
MAX_MESSAGE = 200_000_000


class Client:
    """Opens a study and works on it.

    Parameters
    ----------
    address
        Of the server.
    query
        What the address says of the study.
    number
        Of its mark, -1 for a study without one; decides what the session does next.

    Attributes
    ----------
    seen, foreign
        Own marks, and marks of others, in what was received.
    errors
        Exceptions on the page, failed runs, lost connections.
    waits_s
        Seconds of every action until the page was drawn to its end.
    """

    def __init__(self, address: str, query: dict[str, str], number: int) -> None:
        self.address, self.number = address, number
        self.query = urlencode(query | {"lang": "en"})
        self.seen, self.messages = 0, 0
        self.foreign: list[int] = []
        self.errors: list[str] = []
        self.waits_s: list[float] = []
        self._fetched: set[bytes] = set()
        self._again: dict[str, float] = {}
        self._widget = ""
        self._page = ""
        self._choice = random.Random(number)  # noqa: S311 - no secret
        self._socket: Any = None

    async def work(self, until: float, *, delay_s: float) -> None:
        """Open the study, then do one thing after another until the time is over."""
        await asyncio.sleep(delay_s)
        where = self.address.replace("http", "ws", 1) + "/_stcore/stream"
        try:
            async with connect(
                where, subprotocols=["streamlit"], max_size=MAX_MESSAGE, open_timeout=OPEN_S, ping_timeout=None
            ) as socket:  # type: ignore[list-item]
                self._socket = socket
                await self._do()
                while time.monotonic() < until:
                    await asyncio.sleep(self._choice.uniform(*THINK_S))
                    if self._widget and self._choice.random() < 0.4:
                        await self._do(minutes=self._choice.choice(MINUTES))
                    else:
                        self._page = self._choice.choice(PAGES)
                        await self._do()
        except (ConnectionClosed, OSError) as error:
            self.errors.append(f"connection lost: {type(error).__name__}")
        except TimeoutError:
            self.errors.append(f"page {self._page or 'coverage'} not drawn within {SETTLE_S:g} s")

    async def _do(self, minutes: str = "") -> None:
        began = time.monotonic()
        await self._ask(minutes=minutes)
        await asyncio.wait_for(self._settle(), SETTLE_S)
        self.waits_s.append(time.monotonic() - began)

    async def _ask(self, *, fragment: str = "", minutes: str = "") -> None:
        """Ask for a run of the script, or of a fragment, as a browser does."""
        asked = BackMsg()
        state = asked.rerun_script
        state.query_string = self.query
        state.page_script_hash = page_hash(self._page) if self._page else ""
        if fragment:
            state.fragment_id, state.is_auto_rerun = fragment, True
        if minutes:
            widget = state.widget_states.widgets.add()
            widget.id = self._widget
            widget.string_array_value.data.append(minutes)
        await self._socket.send(asked.SerializeToString())

    async def _settle(self) -> None:
        """Receive until the page is drawn to its end; fragments that want to run again, run again."""
        while True:
            await self._receive_run()
            if not self._again:
                return
            fragment, interval_s = next(iter(self._again.items()))
            await asyncio.sleep(interval_s)
            await self._ask(fragment=fragment)

    async def _receive_run(self) -> None:
        while True:
            content: bytes = await self._socket.recv()
            self.messages += 1
            self._look(content)
            message = ForwardMsg()
            message.ParseFromString(content)
            kind = message.WhichOneof("type")
            if kind == "new_session" and not message.metadata.run.fragment_ids:
                self._again.clear()
                self._widget = ""
            elif kind == "auto_rerun":
                self._again[message.auto_rerun.fragment_id] = message.auto_rerun.interval
            elif kind == "stop_auto_rerun":
                for fragment in message.stop_auto_rerun.fragment_ids:
                    self._again.pop(fragment, None)
            elif kind == "delta":
                self._note(message.delta.new_element)
            elif kind == "script_finished":
                await self._fetch_layers()
                if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    self.errors.append("a run failed")
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return

    def _note(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.errors.append(f"{element.exception.type}: {element.exception.message[:80]}")
        elif kind == "button_group" and element.button_group.id.endswith("cutoff_min_widget"):
            self._widget = element.button_group.id

    def _look(self, content: bytes) -> None:
        """Look for marks, and for published layers to look into."""
        for mark in MARKS.findall(content):
            if int(mark) == self.number:
                self.seen += 1
            else:
                self.foreign.append(int(mark))
        self._fetched |= {name for name in LAYER.findall(content) if name not in self._fetched}

    async def _fetch_layers(self) -> None:
        """Look into every layer that the page's map is told to fetch."""
        for name in [name for name in self._fetched if not name.startswith(b"!")]:
            self._fetched.remove(name)
            if b"!" + name in self._fetched:
                continue
            self._fetched.add(b"!" + name)
            where = f"{self.address}/component/walkshed.app.assets.layers/{name.decode()}"
            try:
                self._look(await asyncio.to_thread(_read, where))
            except OSError as error:
                self.errors.append(f"layer not served: {error}")


def _read(where: str) -> bytes:
    with urllib.request.urlopen(where, timeout=60) as answer:  # noqa: S310 - our own server
        content: bytes = answer.read()
    return content
