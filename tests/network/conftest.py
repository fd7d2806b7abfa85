"""Small maps of OpenStreetMap: written as real files, and served the way the real services do."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote_plus, urlparse

import osmium
import pytest
import shapely
import shapely.geometry
from pyproj import Geod

from walkshed.inputs.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

CORNER = (116.3, 40.0)
OTHER_ANSWERS = {
    "other": b'{"message": "hello"}',
    "remark": b'{"elements": [], "remark": "runtime error: Query timed out"}',
    "strange": b'[{"unexpected": 1}]',
}


def opl_nodes(places: Mapping[int, tuple[float, float]], tags: Mapping[int, str] = MappingProxyType({})) -> str:
    """Return nodes given in metres from a corner in Beijing as OPL, the one-line-per-object form of OpenStreetMap."""
    geod = Geod(ellps="WGS84")
    lines = []
    for number, (east, north) in places.items():
        lon, lat, _ = geod.fwd(*CORNER, 90.0, east)
        lon, lat, _ = geod.fwd(lon, lat, 0.0, north)
        lines.append(f"n{number} T{tags.get(number, '')} x{lon:.7f} y{lat:.7f}\n")
    return "".join(lines)


@pytest.fixture
def write_osm(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes nodes (metres) and further OPL lines as a file of the kind its name ends in."""

    def write(
        places: Mapping[int, tuple[float, float]],
        *objects: str,
        name: str = "map.osm",
        tags: Mapping[int, str] = MappingProxyType({}),
    ) -> Path:
        path = tmp_path / name
        path.unlink(missing_ok=True)
        text = opl_nodes(places, tags) + "".join(line + "\n" for line in objects)
        with osmium.SimpleWriter(str(path)) as writer:
            for item in osmium.FileProcessor(osmium.io.FileBuffer(text.encode(), "opl")):
                writer.add(item)
        return path

    return write


class MapServer(ThreadingHTTPServer):
    """Answers like Nominatim and Overpass, from a file of OpenStreetMap and a list of named areas.

    ``fault`` makes it misbehave, ``faults`` one after the other, once each; ``asked`` keeps what it was asked.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), MapHandler)
        self.objects: list[dict[str, Any]] = []
        self.places: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[str] = []
        self.fault = ""
        self.faults: list[str] = []
        self.retry_after = ""
        self.status = "Connected as: 1\nCurrent time: 2026-01-01T00:00:00Z\nRate limit: 2\n2 slots available now.\n"

    @property
    def url(self) -> str:
        """Return the server's address."""
        return f"http://127.0.0.1:{self.server_port}"

    def hold(self, path: Path) -> None:
        """Serve the content of a file, but for objects that lack a part: the real service has them whole."""
        for item in osmium.FileProcessor(str(path)):
            found: dict[str, Any] = {"id": item.id, "tags": dict(item.tags)}
            if isinstance(item, osmium.osm.Node):
                found |= {"type": "node", "lon": item.location.lon, "lat": item.location.lat}
            elif isinstance(item, osmium.osm.Way):
                found |= {"type": "way", "nodes": [node.ref for node in item.nodes]}
            elif isinstance(item, osmium.osm.Relation):
                kinds = {"n": "node", "w": "way", "r": "relation"}
                members = [{"type": kinds[m.type], "ref": m.ref, "role": m.role} for m in item.members]
                found |= {"type": "relation", "members": members}
            self.objects.append(found)
        for parts in ("nodes", "members"):
            known = {(item["type"], item["id"]) for item in self.objects}
            self.objects = [item for item in self.objects if known.issuperset(_parts(item, parts))]

    def name_area(self, name: str, area: BaseGeometry) -> None:
        """Let the place search know an area by name."""
        west, south, east, north = area.bounds
        answer = {
            "osm_type": "relation", "osm_id": 1, "lat": str(south), "lon": str(west), "importance": 0.5,
            "class": "boundary", "type": "administrative", "name": name, "display_name": f"{name}, 重庆市, 中国",
            "boundingbox": [str(south), str(north), str(west), str(east)], "geojson": shapely.geometry.mapping(area),
        }  # fmt: skip
        self.places.setdefault(name, []).append(answer)

    def overpass(self, query: str) -> dict[str, Any]:
        """Answer an Overpass query: the statements, then what they are made of."""
        by_key = {(item["type"], item["id"]): item for item in self.objects}
        found: dict[tuple[str, int], dict[str, Any]] = {}
        for kind, filters, ring in re.findall(r"(node|way|relation)((?:\[[^\]]*\])+)\(poly:'([^']*)'\)", query):
            numbers = [float(number) for number in ring.split()]
            area = shapely.Polygon(list(zip(numbers[1::2], numbers[::2], strict=True)))
            shapely.prepare(area)
            wanted = re.findall(r"""\[["']([^"']+)["'](?:=["']([^"']+)["'])?\]""", filters)
            assert wanted, filters
            for item in self.objects:
                fits = item["type"] == kind and all(value in ("", item["tags"].get(key)) for key, value in wanted)
                if fits and item["tags"].keys() >= {key for key, _ in wanted} and _touches(item, by_key, area):
                    found |= _with_parts(item, by_key)
        return {"version": 0.6, "generator": "test", "elements": [by_key[key] for key in sorted(found)]}


def _parts(item: dict[str, Any], kind: str) -> list[tuple[str, int]]:
    if kind == "nodes":
        return [("node", number) for number in item.get("nodes", ())]
    return [(member["type"], member["ref"]) for member in item.get("members", ()) if member["type"] != "relation"]


def _with_parts(item: dict[str, Any], by_key: dict[tuple[str, int], Any]) -> dict[tuple[str, int], Any]:
    found = {(item["type"], item["id"]): item}
    for part in _parts(item, "nodes") + _parts(item, "members"):
        if part in by_key:
            found |= _with_parts(by_key[part], by_key)
    return found


def _touches(item: dict[str, Any], by_key: dict[tuple[str, int], Any], area: shapely.Geometry) -> bool:
    nodes = [part for (kind, _), part in _with_parts(item, by_key).items() if kind == "node"]
    return any(shapely.contains_xy(area, node["lon"], node["lat"]) for node in nodes)


class MapHandler(BaseHTTPRequestHandler):
    """One question to :class:`MapServer`."""

    server: MapServer

    def do_GET(self) -> None:
        """Answer the place search and the status page."""
        url = urlparse(self.path)
        self.server.asked.append(unquote_plus(self.path))
        if url.path == "/status" and not self.server.status:
            self.close_connection = True
        elif url.path == "/status":
            self._send(200, self.server.status.encode(), "text/plain")
        elif url.path == "/search":
            self._answer(self.server.places.get(parse_qs(url.query)["q"][0], []))

    def do_POST(self) -> None:
        """Answer a query."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        query = parse_qs(body)["data"][0]
        self.server.asked.append(query)
        self._answer(self.server.overpass(query))

    def _answer(self, answer: object) -> None:
        body = json.dumps(answer).encode()
        fault, self.server.fault = self.server.fault, self.server.fault.removesuffix("_once")
        if fault.endswith("_once"):
            self.server.fault = ""
        kind = self.server.faults.pop(0) if self.server.faults else fault.removesuffix("_once")
        if kind == "moved":
            self.send_response(307)
            self.send_header("Location", f"{self.server.url}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif kind.isdigit():
            self._send(int(kind), b"<html>no</html>", "text/html")
        elif kind == "login":
            self._send(200, b"<html><body>Please   log in</body></html>", "text/html")
        elif kind == "half":
            self.close_connection = True
            self._send(200, body[: len(body) // 2], length=len(body))
        elif kind == "hang_up":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif kind == "slow":
            time.sleep(1.5)
        else:
            self._send(200, OTHER_ANSWERS.get(kind, body))

    def _send(self, status: int, body: bytes, kind: str = "application/json", length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        if self.server.retry_after:
            self.send_header("Retry-After", self.server.retry_after)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def map_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MapServer]:
    """Return a running server that knows nothing yet."""
    monkeypatch.setenv("NO_PROXY", "*")
    with MapServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def service(map_server: MapServer, tmp_path: Path) -> Service:
    """Return the address of the server, an impatient manner, and a cache of the test's own."""
    url = map_server.url
    return Service(
        nominatim_url=url,
        overpass_url=url,
        connect_s=2.0,
        answer_s=1.0,
        patience_s=0.0,
        cache_folder=tmp_path / "cache",
    )
