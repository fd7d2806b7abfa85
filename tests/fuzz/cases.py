# ruff: noqa: E501 - lists of settings, one to a line
"""What makes the files that each reader is fed: seeds of its kind, changed by dice."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from tests.fuzz import mutate, nasty, seeds, seeds_streets, seeds_study

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from numpy.typing import NDArray
    from tests.fuzz.mutate import Maker


def cells_of(rows: tuple[tuple[str, ...], ...]) -> Callable[[], Maker]:
    cells = partial(mutate.changed_cells, table=rows)
    return lambda: mutate.either(cells, cells, cells, bytes_of(seeds.csv(rows)))


def bytes_of(*contents: bytes) -> Maker:
    return partial(mutate.changed_bytes, contents=contents)


def json_of(name: str) -> Callable[[], Maker]:
    def cases() -> Maker:
        content = seeds.geojson(seeds.frames()[name])
        changed = partial(mutate.changed_json, content=content)
        return mutate.either(changed, changed, bytes_of(content))

    return cases


def xml_of(make: Callable[[], bytes]) -> Callable[[], Maker]:
    def cases() -> Maker:
        content = make()
        changed = partial(mutate.changed_xml, contents=[content])
        return mutate.either(changed, changed, bytes_of(content))

    return cases


def members_of(make: Callable[[], bytes], inner: Callable[[Random, Sequence[bytes]], bytes]) -> Callable[[], Maker]:
    def cases() -> Maker:
        content = make()
        changed = partial(mutate.changed_members, content=content, inner=inner)
        return mutate.either(changed, changed, bytes_of(content))

    return cases


def databases() -> Maker:
    content = seeds.layer("homes", "GPKG", ".gpkg")
    changed = partial(mutate.changed_database, content=content, table="layer", columns=("name", "population"))
    return mutate.either(changed, changed, bytes_of(content))


def _changed_arrays(dice: Random, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Save a network's arrays with some changed."""
    found = dict(arrays)
    numbers = (*nasty.NUMBERS, *(one for one in nasty.INTEGERS if abs(one) < 2**62))
    for _ in range(dice.choice((0, 1, 1, 2, 3))):
        name, kind, number = dice.choice(sorted(found)), dice.randrange(9), dice.choice(numbers)
        array = np.array(found[name])
        figures = array.dtype.kind in "if"
        if kind == 0:
            found.pop(name)
            continue
        if kind == 1:
            array = array[: dice.randrange(array.size + 1)] if array.ndim else np.array([array.item()])
        elif kind == 2 and figures:
            array = array.astype(dice.choice(("U8", "f4", "i8", "c16", "S3")))
        elif kind == 3:
            array = np.array(dice.choice(nasty.TEXTS))
        elif figures and array.size:
            with np.errstate(all="ignore"):
                flat = array.reshape(-1).astype(np.float64 if array.dtype.kind == "f" else np.int64)
                whole = int(number) if np.isfinite(number) and abs(number) < 2**62 else 7
                flat[dice.randrange(flat.size)] = number if array.dtype.kind == "f" else whole
                array = flat.astype(array.dtype).reshape(array.shape)
        found[name] = array
    content = io.BytesIO()
    np.savez(content, **found)
    return content.getvalue()


def arrays() -> Maker:
    changed = partial(_changed_arrays, arrays=seeds_streets.arrays())
    return mutate.either(changed, changed, bytes_of(seeds_streets.npz()))


def rasters() -> Maker:
    from affine import Affine  # noqa: PLC0415 - for the rasters alone

    turned = Affine.translation(seeds.WEST, seeds.SOUTH) * Affine.rotation(30) * Affine.scale(0.001)
    flat = Affine(0.001, 0.001, seeds.WEST, 0.001, 0.001, seeds.SOUTH)
    changes: list[dict[str, Any]] = [
        {}, {"compress": "deflate"}, {"crs": None}, {"transform": turned}, {"transform": flat}, {"transform": Affine.identity()},
        {"transform": Affine(1e-300, 0, seeds.WEST, 0, -1e-300, seeds.SOUTH)}, {"transform": Affine(1e300, 0, 0, 0, -1e300, 0)},
        {"transform": Affine(float("nan"), 0, 0, 0, 1, 0)}, {"crs": "EPSG:3857"}, {"crs": "EPSG:32648"}, {"crs": "EPSG:3031"}, {"count": 3},
        {"dtype": "uint8", "nodata": 255}, {"dtype": "int16"}, {"dtype": "float64", "nodata": float("nan")}, {"nodata": None},
        {"dtype": "complex64", "nodata": None}, {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "lzw"},
        {"transform": Affine(0.001, 0, -180, 0, -0.001, 90)}, {"transform": Affine(-0.001, 0, seeds.WEST + 0.03, 0, 0.001, seeds.SOUTH)},
    ]  # fmt: skip
    return bytes_of(*(seeds_streets.raster(**change) for change in changes))


def misnamed() -> Maker:
    """Return files of one kind, to be read under the name of another."""
    return bytes_of(
        seeds.csv(seeds.ROOMS), seeds.geojson(seeds.frames()["homes"]), seeds.layer("homes", "GPKG", ".gpkg"), seeds.kml("homes"),
        seeds.parquet("homes"), seeds.shapefile("units"), seeds.xlsx(seeds.ROOMS), seeds_streets.osm_xml(), seeds_streets.npz(), seeds_streets.raster(),
        b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>',
        b'<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"/></VRTDataset>',
        b"%PDF-1.4\n%%EOF", b"GIF89a\x01\x00\x01\x00", b"#!/bin/sh\nid", b"\x80\x04\x95.",
    )  # fmt: skip


def pbfs() -> Maker:
    kinds = ("pbf", "pbf,pbf_compression=none", "pbf,pbf_dense_nodes=false")
    return bytes_of(*(seeds_streets.osm_pbf(kind) for kind in kinds))


def settings() -> Maker:
    changed = partial(mutate.changed_settings, content=seeds_study.STUDY)
    return mutate.either(changed, changed, changed, bytes_of(seeds_study.STUDY))


def texts() -> Maker:
    jumbled = partial(mutate.jumbled, pieces=nasty.HOURS)
    return mutate.either(
        jumbled, jumbled, jumbled, lambda dice: dice.choice(nasty.TEXTS).encode("utf-8", "surrogatepass")
    )
