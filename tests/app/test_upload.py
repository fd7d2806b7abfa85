"""Files of one's own: mapped, looked at, refused with reasons, used in this session and in no other."""

from __future__ import annotations

import shutil
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

from walkshed.app import file_names, shelves, tables, upload_reading, upload_settings, uploads, workspace
from walkshed.app.upload_reading import Surroundings
from walkshed.app.uploads import LAYERS, Choices
from walkshed.catalogue import text
from walkshed.coordinates import wgs84_to_gcj02
from walkshed.errors import InputError, WalkshedError
from walkshed.inputs.facilities import read_facilities
from walkshed.inputs.synonyms import LAYER_SYNONYMS
from walkshed.parameters import StudyConfig
from walkshed.reporting.keyfigures import headline_rate
from walkshed.reporting.wording import percent
from walkshed.study import load_study, run_study
from walkshed.study.variants import with_facilities

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.results import StudyInputs

PLACES = {"北站书屋": (108.4715, 29.5290), "南区书屋": (108.4722, 29.5195), "东门书屋": (108.4760, 29.5255)}
MIXED = (
    "facility_id,name,longitude,latitude\n"
    "r1,North room,108.4715,29.5290\n"
    "r2,Swapped,29.5290,108.4715\n"
    "r3,Nowhere,0,0\n"
    'r1,"=HYPERLINK(""http://x"")",108.4716,29.5291\n'
)
NO_PLACE = "name,colour\nRoom,blue\n"


def odd_gcj02_csv() -> str:
    """Return rooms in GCJ-02 under headers that nobody could guess."""
    rows = ["甲,乙,丙"]
    for name, (lon, lat) in PLACES.items():
        x, y = wgs84_to_gcj02(lon, lat)
        rows.append(f"{name},{float(x):.6f},{float(y):.6f}")
    return "\n".join(rows) + "\n"


def give(page: Any, content: str | bytes, name: str = "rooms.csv") -> Any:
    data = content.encode("utf-8-sig") if isinstance(content, str) else content
    page.app.file_uploader[0].set_value((name, data, "text/csv"))
    return page.run()


def column_box(page: Any, field: str) -> Any:
    return next(box for box in page.app.selectbox if str(box.key).startswith(f"map_facilities_{field}_"))


def press(page: Any, label: str) -> Any:
    next(button for button in page.app.button if button.label == label).click()
    return page.run()


def use(page: Any, language: str, count: int) -> Any:
    return press(page, text("app.use_file", language, count=count))


@pytest.fixture
def upload_page(open_page: Callable[..., Any]) -> Callable[..., Any]:
    """Open the Data page where files are loaded, on the sample district."""

    def opened(language: str = "zh", **address: str) -> Any:
        return open_page("data", lang=language, **{"study": "sample-district", "data": "upload"} | address)

    return opened


@pytest.fixture(scope="session")
def sample(root: Path) -> StudyConfig:
    return StudyConfig.from_toml(root / "data" / "sample-district")


@pytest.fixture(scope="session")
def sample_inputs(sample: StudyConfig) -> StudyInputs:
    return load_study(sample)


def told_rate(config: StudyConfig, inputs: StudyInputs) -> str:
    head = headline_rate(run_study(config, inputs=inputs))
    assert head is not None
    return percent(float(head.rate))


def test_odd_columns_in_gcj02_are_mapped_and_change_the_figures_here_and_nowhere_else(
    upload_page: Callable[..., Any],
    open_page: Callable[..., Any],
    sample: StudyConfig,
    sample_inputs: StudyInputs,
    tmp_path: Path,
) -> None:
    page = give(upload_page(), odd_gcj02_csv(), "书屋.csv")
    assert text("app.field_lon", "zh") in page.html()  # said to be lacking
    assert not [button for button in page.app.button if str(button.key) == "use_facilities"]
    for field, column in (("name", "甲"), ("lon", "乙"), ("lat", "丙")):
        column_box(page, field).set_value(column)
    page.run()
    page.widget("selectbox", "datum_facilities").set_value("gcj02")
    page.run()
    expected_line = text("app.file_read", "zh", name="书屋.csv", layer="阅览室", count=3, rejected=0)
    assert expected_line in page.html()
    page = use(page, "zh", 3)

    (tmp_path / "rooms.csv").write_text(odd_gcj02_csv(), encoding="utf-8-sig")
    read = read_facilities(
        tmp_path / "rooms.csv", columns={"name": "甲", "lon": "乙", "lat": "丙"}, datum="gcj02",
        boundary=sample_inputs.boundary,
    )  # fmt: skip
    for point, (lon, lat) in zip(read.table.geometry, PLACES.values(), strict=True):
        assert point.distance(shapely.Point(lon, lat)) < 1e-5
    own = told_rate(sample, with_facilities(sample_inputs, read, source="rooms.csv"))
    public = told_rate(sample, sample_inputs)
    assert own != public
    told = text("app.rate_changed", "zh", minutes="15", who="成年人", before=public, after=own)
    assert told in page.html()

    page.go("coverage")
    assert f'<div class="ws-value">{own}</div>' in page.html()
    assert "北站书屋" in page.map_script()
    address = {key: page.app.query_params[key] for key in ("own", "study")}
    token = address["own"][0] if isinstance(address["own"], list) else address["own"]

    other = open_page("coverage", study="sample-district")
    assert f'<div class="ws-value">{public}</div>' in other.html()
    assert "北站书屋" not in other.map_script()
    assert text("app.own_in_use", "zh") not in other.html()
    assert "own" not in other.app.session_state
    everybodys = shelves.public()
    shared = [entry for shelf in (everybodys.inputs, everybodys.results) for entry in shelf.entries.values()]
    tables_ = [entry.facilities for entry in shared]
    assert tables_
    assert not any("北站书屋" in set(table.name) for table in tables_)

    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), "../" + token, "x"):
        stranger = open_page("coverage", study="~own", own=wrong)
        assert "北站书屋" not in stranger.map_script()
        assert escape(text("app.own_lost", "zh")) in stranger.html()

    again = open_page("coverage", study="~own", own=token)  # the browser's reload
    assert f'<div class="ws-value">{own}</div>' in again.html()
    assert "北站书屋" in again.map_script()
    assert text("app.own_in_use", "zh") in again.html()


def test_two_private_studies_of_the_same_files_share_nothing(
    upload_page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    def counted(config: StudyConfig, **options: Any) -> StudyInputs:
        loaded.append(config.folder)
        return load_study(config, **options)

    monkeypatch.setattr("walkshed.app.shelves.load_study", counted)
    tokens = set()
    for _ in range(2):
        page = use(give(upload_page(), MIXED), "zh", 1)
        tokens.add(str(page.app.query_params["own"]))
    assert len(tokens) == 2
    assert len({folder for folder in loaded if workspace.is_private(folder)}) == 2


@pytest.mark.parametrize("language", ["zh", "en"])
def test_refused_rows_are_listed_with_line_and_reason(upload_page: Callable[..., Any], language: str) -> None:
    page = give(upload_page(language), MIXED)
    layer = text("report.layer_facilities", language)
    told = text("app.file_read", language, name="rooms.csv", layer=layer, count=1, rejected=3)
    assert escape(told) in page.html()
    header = text("app.column_reject_reason", language)
    rejects = next(frame.value for frame in page.app.dataframe if header in frame.value)
    assert rejects[text("app.column_reject_line", language)].tolist() == [3, 4, 5]
    assert rejects[header].tolist() == [
        text(f"rejects.{reason}", language) for reason in ("swapped", "zero_position", "duplicate_id")
    ]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_still_needed_is_said_in_words(upload_page: Callable[..., Any], language: str) -> None:
    page = give(upload_page(language), NO_PLACE)
    lon, both = text("app.field_lon", language), text("app.field_location", language)
    assert escape(text("app.list_or", language).join((lon, both))) in page.html()
    assert "/tmp" not in page.html()  # noqa: S108 - the machine's folder must not be told
    assert not [button for button in page.app.button if str(button.key) == "use_facilities"]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rooms.csv", b""),
        ("rooms.xlsx", b"no workbook"),
        ("rooms.geojson", b"<OGRVRTDataSource/>"),
        ("rooms.zip", b"PK"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    upload_page: Callable[..., Any], language: str, name: str, content: bytes
) -> None:
    html = give(upload_page(language), content, name).html()
    assert 'role="alert"' in html
    assert name in html
    assert "/tmp" not in html  # noqa: S108 - as above
    assert text("app.unexpected_details", language) not in html


def test_a_study_that_fails_is_not_kept(
    upload_page: Callable[..., Any], private_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(private_root.iterdir())
    page = give(upload_page("en"), MIXED)

    def fail(*_: object, **__: object) -> None:
        raise InputError("table_empty", path="somewhere.csv")

    monkeypatch.setattr("walkshed.app.shelves.run_study", fail)
    page = use(page, "en", 1)
    assert "somewhere.csv" in page.html()
    assert page.app.session_state["study"] == "sample-district"
    assert "own" not in page.app.session_state
    assert set(private_root.iterdir()) == before


def test_a_private_study_is_not_replaced_unasked(upload_page: Callable[..., Any]) -> None:
    page = use(give(upload_page("en"), MIXED), "en", 1)
    token = page.app.session_state["own"]
    page.app.session_state["study"] = "helsinki"
    page.run()
    page = give(page, "name,longitude,latitude\nA,24.9405,60.1770\n")
    assert escape(text("app.own_exists", "en")) in page.html()
    assert not [button for button in page.app.button if str(button.key) == "use_facilities"]
    page.app.checkbox(key="own_replace").check()
    page = use(page.run(), "en", 1)
    assert page.app.session_state["own"] != token
    assert workspace.folder_of(token) is None


def test_a_hostile_name_stays_text(upload_page: Callable[..., Any]) -> None:
    hostile = "<img src=x onerror=alert(1)>](javascript:alert(1)) ![x](http://example.org/x.png) :red[x] {{7*7}}"
    page = give(upload_page("en"), f'name,longitude,latitude\n"{hostile}",108.4715,29.5290\n')
    assert "<img" not in page.map_script()
    page = use(page, "en", 1)
    page.go("coverage")
    assert "<img" not in page.html()
    script = page.map_script()
    assert "<img" not in script
    assert "{{" not in script
    assert "onerror=alert(1)" in script


def test_a_hostile_file_name_and_column_stay_text(upload_page: Callable[..., Any]) -> None:
    page = give(upload_page("en"), "<b>,name,longitude,latitude\n1,A,108.4715,29.5290\n", "<b>x</b>&.csv")
    assert "&lt;b&gt;x&lt;/b&gt;&amp;.csv" in page.html()
    assert "<b>" not in page.html().replace("<b>", "", page.html().count("<td><b>"))


def test_csv_opens_in_excel_and_runs_nothing() -> None:
    frame = pd.DataFrame({"名称": ["=1+1", "-2", "馆"], "行": pd.array([1, None, 3], dtype="Int64")})
    content = tables.csv_bytes(frame)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig").splitlines() == ["名称,行", "'=1+1,1", "'-2,", "馆,3"]


# --- every layer


def around(inputs: StudyInputs) -> Surroundings:
    return Surroundings(inputs.boundary, inputs.facilities, inputs.demand, inputs.units, inputs.network)


@pytest.fixture(scope="session")
def layer_files(root: Path, sample_inputs: StudyInputs, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a file for every layer that a user may bring."""
    folder, made = root / "data" / "sample-district", tmp_path_factory.mktemp("layers")
    west, south, east, north = sample_inputs.boundary.total_bounds
    with rasterio.open(
        made / "people.tif", "w", driver="GTiff", width=20, height=20, count=1, dtype="float32", crs="EPSG:4326",
        transform=rasterio.Affine((east - west) / 20, 0, west, 0, (south - north) / 20, north),
    ) as raster:  # fmt: skip
        raster.write(np.full((20, 20), 200.0, "float32"), 1)
    rooms = sample_inputs.facilities[sample_inputs.facilities.geometry.notna()].head(2)
    gpd.GeoDataFrame({"facility_id": rooms.facility_id, "name": "门"}, geometry=rooms.geometry, crs=4326).to_file(
        made / "doors.gpkg"
    )
    units = sample_inputs.units
    pd.DataFrame({"街道": units.unit_id[:3], "denominator_E": [1e5, 2e5, 3e5]}).to_csv(
        made / "yearbook.csv", index=False
    )
    return {
        "facilities": folder / "facilities.csv", "demand": folder / "compounds.csv", "units": folder / "units.geojson",
        "boundary": folder / "boundary.geojson", "network": folder / "streets.osm.pbf", "raster": made / "people.tif",
        "candidates": folder / "candidates.csv", "gates": folder / "gates.csv", "entrances": made / "doors.gpkg",
        "denominators": made / "yearbook.csv", "elevation": folder / "elevation.tif",
    }  # fmt: skip


def test_every_layer_has_a_file_to_try_and_words(layer_files: dict[str, Path]) -> None:
    assert set(layer_files) == set(LAYERS)
    for layer, kind in LAYERS.items():
        for language in ("zh", "en"):
            assert text(f"app.about_{layer}", language)
            assert text(f"app.next_{layer}", language)
            for field in kind.fields:
                assert text(f"app.field_{field}", language)
        assert not kind.reads or kind.reads in LAYER_SYNONYMS


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer != "gates"])
def test_a_file_of_every_layer_becomes_part_of_the_study(
    layer: str, layer_files: dict[str, Path], sample: StudyConfig, sample_inputs: StudyInputs, tmp_path: Path
) -> None:
    shutil.copytree(sample.folder, tmp_path / "study")
    config = workspace.read_own(tmp_path / "study")
    file = layer_files[layer]
    datum = "gcj02" if layer in {"facilities", "demand"} else "wgs84"
    columns = {}
    if LAYERS[layer].reads:
        seen = uploads.columns_of(file, layer)
        assert uploads.lacking(layer, seen, seen.proposed) == ()
        columns = uploads.mapping_of(seen, seen.proposed)
        assert columns == {}
    choices = Choices(datum=datum, columns=columns, holds="people")
    found = upload_reading.read_upload(file, layer, choices, around(sample_inputs), config)
    assert found.rows > 0
    name = file_names.free_name(config, file.name)
    changed = upload_settings.with_layer(config, layer, name, choices)
    kept = workspace.change_study(changed, files={name: file.read_bytes()}, check=load_study)
    inputs = load_study(kept)
    record = next(record for record in inputs.records if record.layer == layer)
    assert record.source == name
    if layer not in {"raster", "units"}:
        assert record.count == found.rows or layer == "network"
    if LAYERS[layer].optional:
        bare = upload_settings.without_layer(kept, layer)
        assert layer not in {record.layer for record in load_study(bare).records}


def test_gates_belong_to_compounds_and_go_with_them(
    layer_files: dict[str, Path], sample: StudyConfig, root: Path, tmp_path: Path
) -> None:
    shutil.copytree(sample.folder, tmp_path / "study")
    config = workspace.read_own(tmp_path / "study")
    compounds = upload_settings.with_layer(config, "demand", "compounds.csv", Choices(datum="gcj02"))
    inputs = load_study(compounds)
    gates = root / "data" / "sample-district" / "gates.csv"
    found = upload_reading.read_upload(gates, "gates", Choices(datum="gcj02"), around(inputs), compounds)
    assert len(found.rejects) == 0
    gated = upload_settings.with_layer(compounds, "gates", "gates.csv", Choices(datum="gcj02"))
    assert load_study(gated).gates is not None
    assert upload_settings.dropped_with(gated, "demand") == ("gates",)
    replaced = upload_settings.with_layer(gated, "demand", layer_files["demand"].name, Choices(datum="gcj02"))
    assert (replaced.residents.gates, replaced.residents.gates_path) == ("none", "")


@pytest.mark.parametrize("layer", ["gates", "entrances", "denominators", "elevation", "raster"])
def test_what_a_file_is_about_has_to_be_there_first(
    layer: str, layer_files: dict[str, Path], sample: StudyConfig
) -> None:
    file = layer_files[layer]
    with pytest.raises(WalkshedError) as caught:
        upload_reading.read_upload(file, layer, Choices(), Surroundings(), sample)
    assert caught.value.message.key.startswith("errors.upload_needs_")


def test_several_columns_that_fit_are_left_to_the_user(tmp_path: Path, sample: StudyConfig) -> None:
    file = tmp_path / "rooms.csv"
    file.write_text("name,lon,LON,lat\nA,108.4715,1,29.5290\n", encoding="utf-8")
    seen = uploads.columns_of(file, "facilities")
    if "lon" in seen.doubtful:
        assert uploads.mapping_of(seen, {**seen.proposed, "lon": "LON"})["lon"] == "LON"
    mapping = uploads.mapping_of(seen, {**seen.proposed, "lon": "lon"})
    found = upload_reading.read_upload(file, "facilities", Choices(columns=mapping), Surroundings(), sample)
    assert found.table is not None
    assert found.table.geometry.x.tolist() == [108.4715]


def test_a_raster_may_be_counted_by_cell_or_shared_out(sample: StudyConfig) -> None:
    cells = upload_settings.with_layer(sample, "raster", "p.tif", Choices(onto_homes=False))
    assert cells.residents.source == "raster"
    homes = upload_settings.with_layer(cells, "raster", "p.tif", Choices(onto_homes=True))
    assert (homes.residents.source, homes.residents.raster) == ("osm", "p.tif")
    assert replace(homes.residents, raster="", raster_holds="") == replace(
        upload_settings.without_layer(homes, "raster").residents
    )
