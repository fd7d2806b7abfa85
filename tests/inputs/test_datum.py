"""Which datum a layer is in: named where the data tells, and silence where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from walkshed.coordinates import gcj02_to_bd09, to_wgs84, wgs84_to_gcj02
from walkshed.inputs.datum_check import LEAST, check_datum, datum_findings
from walkshed.inputs.datum_evidence import FAMILIES, as_if, datum_evidence, family_of
from walkshed.inputs.osm import read_osm_buildings, read_osm_points
from walkshed.inputs.units import read_units
from walkshed.network.build import read_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.inputs.datum_evidence import DatumEvidence
    from walkshed.network.model import WalkNetwork

TAGS = (
    {"shop": ("*",)},
    {"amenity": ("restaurant", "cafe", "fast_food", "bank", "library", "pharmacy", "cinema", "theatre", "post_office")},
    {"office": ("*",)},
)


def written(shapes: gpd.GeoSeries, datum: str) -> gpd.GeoSeries:
    """Return WGS-84 geometry as a map service of that datum would give it."""

    def shift(xy: np.ndarray) -> np.ndarray:
        x, y = xy[:, 0], xy[:, 1]
        if datum != "wgs84":
            x, y = wgs84_to_gcj02(x, y)
        if datum == "bd09":
            x, y = gcj02_to_bd09(x, y)
        return np.column_stack([x, y])

    return gpd.GeoSeries(shapely.transform(shapes.to_numpy(), shift))


def read_as(shapes: gpd.GeoSeries, datum: str) -> gpd.GeoDataFrame:
    """Return what comes of a file of such geometry if the datum is declared."""
    return gpd.GeoDataFrame(geometry=to_wgs84(shapes, datum))


class Town(NamedTuple):
    network: WalkNetwork
    buildings: gpd.GeoDataFrame
    places: gpd.GeoSeries
    evidence: DatumEvidence


@pytest.fixture(scope="module", params=["tsinghua", "cau"])
def town(request: pytest.FixtureRequest, shared_data: Path) -> Town:
    """A part of Haidian: streets, buildings, and the shops, canteens and offices that OpenStreetMap knows."""
    path = shared_data / "haidian" / f"{request.param}.osm.pbf"
    network, buildings = read_network(path), read_osm_buildings(path)
    places = pd.concat([read_osm_points(path, tags) for tags in TAGS], ignore_index=True).geometry
    return Town(network, buildings, places, datum_evidence(crs=network.crs, network=network, buildings=buildings))


@pytest.mark.shared
@pytest.mark.parametrize("count", [12, 60])
def test_every_datum_is_named_whatever_was_declared(town: Town, count: int) -> None:
    chosen = np.random.default_rng(3).permutation(len(town.places))[:count]
    for true in FAMILIES:
        raw = written(town.places.iloc[chosen], true)
        for declared in FAMILIES:
            finding = check_datum(read_as(raw, declared), town.evidence, declared, name="facilities")
            assert finding.best == true, (true, declared, finding)
            assert finding.suspicious == (true != declared)
            assert finding.confidence >= 0.95
            assert finding.count == count
            assert sum(score.probability for score in finding.scores) <= 1 + 1e-9
            assert true in finding.note.text("en")
            assert ("相符" in finding.note.text("zh")) is True
    # CGCS2000 and WGS-84 are one here.
    same = check_datum(read_as(town.places.iloc[chosen], "cgcs2000"), town.evidence, "cgcs2000")
    assert (same.best, same.suspicious) == ("cgcs2000", False)


@pytest.mark.shared
def test_ten_places_are_mostly_enough_and_never_named_wrongly(town: Town) -> None:
    rng = np.random.default_rng(8)
    named = []
    for _ in range(8):
        chosen = town.places.iloc[rng.choice(len(town.places), LEAST, replace=False)]
        for true, declared in zip(FAMILIES, np.roll(FAMILIES, 1), strict=True):
            finding = check_datum(read_as(written(chosen, true), str(declared)), town.evidence, str(declared))
            assert finding.best in ("", true)
            named.append(finding.best == true)
    assert np.mean(named) > 0.75


@pytest.mark.shared
def test_few_places_or_places_nowhere_in_particular_tell_nothing(town: Town) -> None:
    few = check_datum(read_as(town.places.iloc[: LEAST - 1], "wgs84"), town.evidence)
    assert (few.best, few.scores, few.confidence, few.count) == ("", (), 0.0, LEAST - 1)
    assert "9" in few.note.text("en")
    # One canteen, a dozen times: a dozen rows, one place.
    once = check_datum(read_as(gpd.GeoSeries([town.places.iloc[0]] * 12), "wgs84"), town.evidence)
    assert once.best == ""
    west, south, east, north = town.places.total_bounds
    rng = np.random.default_rng(1)
    strewn = gpd.GeoSeries(gpd.points_from_xy(rng.uniform(west, east, 60), rng.uniform(south, north, 60)))
    nowhere = check_datum(read_as(strewn, "wgs84"), town.evidence)
    assert nowhere.best == ""
    assert "not tell" in nowhere.note.text("en")


@pytest.mark.shared
def test_houses_are_found_in_their_places_and_findings_come_layer_by_layer(town: Town) -> None:
    houses = written(town.buildings.geometry.sample(40, random_state=1), "bd09")
    layers = {
        "demand": read_as(houses, "gcj02"),
        "facilities": read_as(town.places, "wgs84"),
        "candidates": gpd.GeoDataFrame(geometry=[None, None], crs=4326),
    }
    found = datum_findings(layers, declared={"demand": "gcj02"}, network=town.network, buildings=town.buildings)
    assert [(finding.layer, finding.declared, finding.best) for finding in found] == [
        ("demand", "gcj02", "bd09"), ("facilities", "wgs84", "wgs84"),
    ]  # fmt: skip
    assert found[0].note.text("zh").startswith("居民")
    assert datum_findings({}, declared={}) == []
    (alone,) = datum_findings({"facilities": layers["facilities"]}, declared={})
    assert (alone.best, alone.scores) == ("", ())


@pytest.mark.shared
def test_the_fence_of_shapingba_is_in_gcj02(shared_data: Path) -> None:
    folder = shared_data / "chongqing"
    districts = read_units(folder / "cq.shp", columns={"unit_id": "ADMINCODE"}).table
    raw = gpd.read_file(folder / "shapingba_500106_gcj02.json").geometry.set_crs(None, allow_override=True)
    for declared in ("wgs84", "gcj02"):
        (finding,) = datum_findings(
            {"units": read_as(raw, declared)}, declared={"units": declared}, reference=districts
        )
        assert finding.best == "gcj02"
        assert finding.confidence > 0.999
        fits = {score.datum: round(score.fit, 3) for score in finding.scores}
        assert fits == {"wgs84": 0.908, "gcj02": 0.986, "bd09": 0.863}
    districts_alone = districts[districts.name == "渝中区"]
    (other,) = datum_findings({"units": read_as(raw, "gcj02")}, declared={}, reference=districts_alone)
    assert other.best == ""  # another area's outline says nothing


def test_outside_china_all_datums_are_one(make_network: Callable[..., WalkNetwork]) -> None:
    rng = np.random.default_rng(0)
    places = gpd.GeoSeries(gpd.points_from_xy(rng.uniform(24.93, 24.95, 30), rng.uniform(60.16, 60.18, 30)))
    homes = gpd.GeoDataFrame(geometry=places.set_crs(4326).to_crs(32635).buffer(8), crs=32635)
    (finding,) = datum_findings(
        {"facilities": read_as(places, "gcj02")}, declared={"facilities": "gcj02"}, buildings=homes
    )
    assert (finding.best, finding.scores) == ("", ())
    assert "outside China" in finding.note.text("en")
    assert datum_evidence(crs="EPSG:32650", network=make_network([(0, 0), (9, 0)], [(0, 1)])).streets is not None


def test_positions_come_back_exactly() -> None:
    lon, lat = np.array([116.3, 106.37]), np.array([40.0, 29.6])
    for true in FAMILIES:
        raw = written(gpd.GeoSeries(gpd.points_from_xy(lon, lat)), true)
        for declared in FAMILIES:
            seen = to_wgs84(raw, declared)
            back = as_if(seen.x.to_numpy(), seen.y.to_numpy(), declared=family_of(declared), family=true)
            np.testing.assert_allclose(back, (lon, lat), atol=1e-11)
