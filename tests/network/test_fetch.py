"""Streets from the internet, asked of a server that answers like the real one, and what happens when it does not."""

from __future__ import annotations

import json
import resource
import socket
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import osmnx
import pytest
import shapely

from walkshed.errors import CancelledError, FetchError, NetworkError
from walkshed.inputs import service_refusals
from walkshed.inputs.service_cache import cache_folder
from walkshed.network.build import read_network
from walkshed.network.fetch import fetch_network
from walkshed.walkers import Access

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.inputs.service import Service

PLACES = {1: (0, 0), 2: (100, 20), 3: (200, 0), 4: (300, 0), 5: (200, 100), 6: (200, -100), 7: (9000, 0), 8: (9100, 0)}
WAYS = (
    "w10 Thighway=residential,name=学院路,oneway=yes Nn1,n2,n3,n4",
    "w11 Thighway=steps Nn5,n3,n6",
    "w12 Thighway=motorway Nn1,n5",
    "w13 Thighway=service,access=private Nn4,n5",
    "w14 Tbuilding=yes Nn1,n2,n5,n1",
    "w15 Thighway=cycleway Nn6,n4",
    "w16 Thighway=path Nn7,n8",
    "w17 Thighway=footway,oneway:foot=yes Nn6,n1",
)


@pytest.fixture
def town(write_osm: Callable[..., Path]) -> Path:
    return write_osm(PLACES, *WAYS)


@pytest.fixture
def boundary(town: Path) -> gpd.GeoDataFrame:
    area = shapely.box(*shapely.total_bounds(read_network(town).edge_lines[:1]))
    return gpd.GeoDataFrame({"name": [""]}, geometry=[area.buffer(1)], crs="EPSG:32650").to_crs(4326)


def test_what_is_fetched_is_what_would_be_read(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service
) -> None:
    map_server.hold(town)
    fetched = fetch_network(boundary, margin_m=1000.0, speed_kmh=5.0, service=service)
    read = read_network(town, speed_kmh=5.0, boundary=gpd.GeoDataFrame(geometry=boundary.to_crs(32650).buffer(1000)))
    assert sorted(fetched.way_id) == [10, 10, 11, 11, 15, 17]
    for name in ("crs", "node_id", "u", "v", "way_id", "steps", "name_code", "names", "geometry_start"):
        assert np.array_equal(getattr(fetched, name), getattr(read, name)), name
    for name in ("x", "y", "length_m", "forward_min", "backward_min", "geometry_x", "geometry_y"):
        assert getattr(fetched, name) == pytest.approx(getattr(read, name)), name
    assert int(np.isinf(fetched.backward_min).sum()) == 1
    assert fetched.source == "OpenStreetMap (Overpass)"
    (query,) = map_server.asked
    assert query.startswith("[out:json][timeout:1]")


def test_private_ways_come_when_asked_for(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service
) -> None:
    map_server.hold(town)
    network = fetch_network(boundary, margin_m=1000.0, access=Access(private=True), service=service)
    assert 13 in network.way_id


def test_the_margin_decides_how_far_streets_reach(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service
) -> None:
    map_server.hold(town)
    far = fetch_network(boundary, margin_m=9500.0, service=service)
    assert {16} == set(far.way_id) - set(fetch_network(boundary, margin_m=1000.0, service=service).way_id)


def test_an_answer_is_kept_and_read_again_without_a_connection(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service, tmp_path: Path
) -> None:
    map_server.hold(town)
    first = fetch_network(boundary, margin_m=500.0, service=service)
    assert len(list((tmp_path / "cache").iterdir())) == 1
    map_server.fault = "403"
    second = fetch_network(boundary, margin_m=500.0, service=service)
    assert len(map_server.asked) == 1
    assert np.array_equal(first.length_m, second.length_m)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda content: content[:100],
    "empty": lambda _: b"",
    "garbage": lambda _: bytes(range(256)),
    "of another kind": lambda _: b'{"version": 9}',
    "without a part": lambda content: content.replace(b'"lat"', b'"tal"'),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_answer_in_the_cache_is_fetched_again(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service, tmp_path: Path, damage: str
) -> None:
    map_server.hold(town)
    first = fetch_network(boundary, margin_m=500.0, service=service)
    (kept,) = (tmp_path / "cache").iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(DAMAGES[damage](whole))
    again = fetch_network(boundary, margin_m=500.0, service=service)
    assert np.array_equal(first.length_m, again.length_m)
    assert len(map_server.asked) == 2
    assert kept.read_bytes() == whole


def test_answers_are_kept_by_what_was_asked(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service, tmp_path: Path
) -> None:
    map_server.hold(town)
    fetch_network(boundary, margin_m=500.0, service=service)
    fetch_network(boundary, margin_m=600.0, service=service)
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_cache_that_takes_nothing_does_not_matter(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service, tmp_path: Path
) -> None:
    map_server.hold(town)
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "cache"):
        assert len(fetch_network(boundary, margin_m=500.0, service=replace(service, cache_folder=folder)).u)
    assert len(map_server.asked) == 2


def test_a_full_disk_under_the_cache_does_not_matter(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service, tmp_path: Path
) -> None:
    map_server.hold(town)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        assert len(fetch_network(boundary, margin_m=500.0, service=service).u)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(fetch_network(boundary, margin_m=500.0, service=service).u)
    fetch_network(boundary, margin_m=500.0, service=service)
    (kept,) = (tmp_path / "cache").iterdir()
    assert json.loads(kept.read_text())["elements"]


def test_nothing_is_written_beside_the_cache(
    town: Path,
    boundary: gpd.GeoDataFrame,
    map_server: Any,
    service: Service,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    map_server.hold(town)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    fetch_network(boundary, margin_m=500.0, service=replace(service, cache_folder=None))
    assert list((tmp_path / "work").iterdir()) == []
    assert len(list(cache_folder().iterdir())) == 1


@pytest.mark.parametrize(
    ("platform", "variable", "tail"),
    [
        ("linux", "XDG_CACHE_HOME", ("base", "walkshed", "openstreetmap")),
        ("linux", "", (".cache", "walkshed", "openstreetmap")),
        ("darwin", "", ("Library", "Caches", "walkshed", "openstreetmap")),
        ("win32", "LOCALAPPDATA", ("base", "walkshed", "openstreetmap")),
        ("win32", "", ("AppData", "Local", "walkshed", "openstreetmap")),
    ],
)
def test_the_cache_follows_the_custom_of_the_system(
    platform: str, variable: str, tail: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "base"))
    monkeypatch.setattr(sys, "platform", platform)
    assert cache_folder().parts[-len(tail) :] == tail


def test_osmnx_is_left_as_it_was(town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service) -> None:
    map_server.hold(town)
    before, resolve = dict(vars(osmnx.settings)), socket.getaddrinfo
    fetch_network(boundary, margin_m=500.0, service=service)
    map_server.fault = "403"
    with pytest.raises(FetchError):
        fetch_network(boundary, margin_m=600.0, service=service)
    assert dict(vars(osmnx.settings)) == before
    assert socket.getaddrinfo is resolve


def test_the_servers_set_for_osmnx_are_the_default(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    map_server.hold(town)
    monkeypatch.setattr(osmnx.settings, "overpass_url", map_server.url)
    fetch_network(boundary, margin_m=500.0, service=replace(service, overpass_url=""))
    assert len(map_server.asked) == 1


def test_two_threads_do_not_mix_their_settings(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service, tmp_path: Path
) -> None:
    map_server.hold(town)
    folders = [tmp_path / f"cache{number}" for number in range(4)]

    def fetch(folder: Path) -> None:
        fetch_network(boundary, margin_m=500.0, service=replace(service, cache_folder=folder))

    threads = [threading.Thread(target=fetch, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(list(folder.iterdir())) for folder in folders] == [1] * 4


# ---- nothing there


def test_an_area_without_streets_is_no_failure_of_the_net(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service
) -> None:
    map_server.hold(town)
    sea = boundary.set_geometry(boundary.translate(5.0, 0.0))
    with pytest.raises(NetworkError, match=r"OpenStreetMap \(Overpass\) has no walkable street"):
        fetch_network(sea, margin_m=500.0, service=service)
    with pytest.raises(NetworkError, match="positive number"):
        fetch_network(boundary, margin_m=500.0, speed_kmh=0.0, service=service)


# ---- faults: one clear sentence, and no endless wait


@pytest.mark.parametrize(
    "case",
    [
        ("429", r"busy or has had too many questions from here \(status 429\)", "服务器繁忙"),
        ("503", r"busy .*\(status 503\)", "服务器繁忙"),
        ("504", r"busy .*\(status 504\)", "服务器繁忙"),
        ("403", r"refused \(status 403\), most likely a wrong address or a proxy", "服务器拒绝请求"),
        ("500", r"the server failed \(status 500\)", "服务器内部出错"),
        ("502", r"busy .*\(status 502\)", "服务器繁忙"),
        ("login", r"not what was asked for \(<html><body>Please log in", "返回内容不符"),
        ("other", "not what was asked for", "返回内容不符"),
        ("strange", "not what was asked for", "返回内容不符"),
        ("half", "the answer broke off", "答复中途中断"),
        ("remark", "the answer broke off .*Query timed out", "答复中途中断"),
        ("slow", "did not answer in time", "超时未答复"),
    ],
)
def test_a_fault_is_one_clear_sentence(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service, case: tuple[str, str, str]
) -> None:
    fault, words, worte = case
    map_server.hold(town)
    map_server.fault = fault
    started = time.monotonic()
    with pytest.raises(FetchError, match=words) as caught:
        fetch_network(boundary, margin_m=500.0, service=service)
    assert time.monotonic() - started < 10
    said = str(caught.value)
    assert said.startswith("Could not fetch the walking network from")
    assert "give an .osm.pbf file in [network] path" in said
    assert "\n" not in said
    assert worte in caught.value.text("zh")
    assert "步行路网" in caught.value.text("zh")
    if fault != "strange":
        assert f"127.0.0.1:{map_server.server_port}" in said
    assert service.cache_folder
    assert not service.cache_folder.exists()


def test_a_refused_connection_is_told(boundary: gpd.GeoDataFrame, service: Service) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(
        FetchError, match=rf"127\.0\.0\.1:{port}, because the server cannot be reached \(Connection refused\)"
    ):
        fetch_network(boundary, margin_m=500.0, service=replace(service, overpass_url=f"http://127.0.0.1:{port}"))


def test_a_server_whose_name_is_unknown_is_told(boundary: gpd.GeoDataFrame, service: Service) -> None:
    there = replace(service, overpass_url="http://overpass.invalid/api")
    with pytest.raises(FetchError, match=r"overpass\.invalid.*cannot be reached \(.+\): connect this machine"):
        fetch_network(boundary, margin_m=500.0, service=there)


@pytest.mark.parametrize("retry_after", ["1", ""])
def test_a_busy_server_is_asked_again_within_the_patience(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service, retry_after: str
) -> None:
    map_server.hold(town)
    map_server.fault, map_server.retry_after = "429_once", retry_after
    network = fetch_network(boundary, margin_m=500.0, service=replace(service, patience_s=5.0))
    assert len(network.u)
    asked_status = [question for question in map_server.asked if question == "/status"]
    assert len(asked_status) == (0 if retry_after else 1)


@pytest.mark.parametrize(
    "faults",
    [("429", "504"), ("half",), ("login",), ("remark", "500"), ("hang_up", "hang_up"), ("slow",), ("other", "half")],
    ids=" ".join,
)
def test_a_server_that_fails_for_a_while_is_asked_again(
    town: Path,
    boundary: gpd.GeoDataFrame,
    map_server: Any,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    faults: tuple[str, ...],
) -> None:
    monkeypatch.setattr(service_refusals, "SHORTEST_WAIT_S", 0.05)
    map_server.hold(town)
    map_server.faults = list(faults)
    told: list[tuple[str, int, int]] = []
    network = fetch_network(
        boundary, margin_m=500.0, service=replace(service, patience_s=5.0), progress=lambda *at: told.append(at)
    )
    assert len(network.u)
    assert sum("[out:json]" in question for question in map_server.asked) == len(faults) + 1
    assert {stage for stage, _, _ in told} <= {"fetch", "fetch_wait"}
    assert any(stage == "fetch_wait" for stage, _, _ in told)
    assert all(0 <= done <= total for _, done, total in told)
    asked = len(map_server.asked)
    fetch_network(boundary, margin_m=500.0, service=service)
    assert len(map_server.asked) == asked


@pytest.mark.parametrize(("fault", "tries"), [("500", 4), ("half", 4), ("login", 3), ("hang_up", 3), ("403", 1)])
def test_asking_again_ends(
    town: Path,
    boundary: gpd.GeoDataFrame,
    map_server: Any,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    tries: int,
) -> None:
    monkeypatch.setattr(service_refusals, "SHORTEST_WAIT_S", 0.02)
    map_server.hold(town)
    map_server.fault = fault
    with pytest.raises(FetchError, match="Could not fetch the walking network"):
        fetch_network(boundary, margin_m=500.0, service=replace(service, patience_s=5.0))
    assert len(map_server.asked) == tries


def test_a_date_in_retry_after_is_understood(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service
) -> None:
    map_server.hold(town)
    map_server.fault, map_server.retry_after = "429", "Wed, 21 Oct 2099 07:28:00 GMT"
    with pytest.raises(FetchError, match="status 429"):
        fetch_network(boundary, margin_m=500.0, service=replace(service, patience_s=5.0))
    assert len(map_server.asked) == 1
    map_server.fault, map_server.retry_after = "429_once", "Wed, 21 Oct 2015 07:28:00 GMT"
    assert len(fetch_network(boundary, margin_m=500.0, service=replace(service, patience_s=5.0)).u)


@pytest.mark.parametrize("fault", ["slow", "429"])
def test_waiting_can_be_stopped(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service, fault: str
) -> None:
    map_server.hold(town)
    map_server.fault, map_server.retry_after = fault, "30"

    def stop(stage: str, done: int, total: int) -> None:
        raise CancelledError("cancelled", stage=f"{stage} {done} {total}")

    patient = replace(service, patience_s=60.0, answer_s=30.0)
    with pytest.raises(CancelledError):
        fetch_network(boundary, margin_m=500.0, service=patient, progress=stop)
    map_server.fault = map_server.retry_after = ""
    assert len(fetch_network(boundary, margin_m=500.0, service=patient).u)  # waits for the one left behind


def test_a_server_that_moved_is_followed(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service
) -> None:
    map_server.hold(town)
    map_server.fault = "moved_once"
    assert len(fetch_network(boundary, margin_m=500.0, service=service).u)
    assert len(map_server.asked) == 2


@pytest.mark.parametrize(
    ("status", "retry_after"),
    [
        ("", ""),
        ("Rate limit: 2\nSlot available after: 2026-01-01T00:10:00Z, in 600 seconds.\n", ""),
        (
            "Slot available after: 2026-01-01T00:10:00Z, in 90 seconds.\nSlot available after: X, in 30 seconds.\n",
            "",
        ),
        ("something else", ""),
        ("2 slots available now.", "3600"),
    ],
)
def test_a_server_that_stays_busy_beyond_the_patience_is_given_up_at_once(
    town: Path, boundary: gpd.GeoDataFrame, map_server: Any, service: Service, status: str, retry_after: str
) -> None:
    map_server.hold(town)
    map_server.fault, map_server.status, map_server.retry_after = "429", status, retry_after
    started = time.monotonic()
    with pytest.raises(FetchError, match="try again in some minutes"):
        fetch_network(boundary, margin_m=500.0, service=replace(service, patience_s=4.0))
    assert time.monotonic() - started < 4.0
