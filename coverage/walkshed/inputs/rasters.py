"""Rasters from anybody: only formats whose cells lie in the file itself, in blocks that fit into memory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from walkshed.errors import InputError
from walkshed.inputs.contents import check_content

if TYPE_CHECKING:
    from pathlib import Path

DRIVERS: Final = ("GTiff", "HFA", "AAIGrid", "GRASSASCIIGrid", "EHdr", "ENVI", "SRTMHGT", "USGSDEM", "JP2OpenJPEG")
"""Formats that are read, as GDAL calls them. A virtual raster (VRT) is none: it names other files, or addresses."""
VIRTUAL: Final = (b"<", b"{", b"[")
"""How descriptions of rasters begin that lie elsewhere: they are not opened at all."""
BLOCK_MAX_BYTES: Final = 500_000_000
"""One block of a raster is unpacked as a whole, however few of its cells are asked for."""


def open_dataset(path: Path) -> Any:  # noqa: ANN401 - a dataset of rasterio, untyped
    """Open a raster with rasterio; the caller closes it.

    Raises
    ------
    InputError
        If its content does not fit its ending or is of another format, its cells are complex numbers or lie in too
        large blocks, or they have no size on the ground.
    rasterio.errors.RasterioError
        If it cannot be opened.
    """
    import rasterio  # noqa: PLC0415 - takes a while to load, and most studies have no raster

    check_content(path)
    with path.open("rb") as stream:
        start = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(VIRTUAL):
        raise InputError("raster_format", path=path.name, driver="VRT", known=", ".join(DRIVERS))
    raster = rasterio.open(path)
    try:
        _check(raster, path)
    except BaseException:
        raster.close()
        raise
    return raster


def _check(raster: Any, path: Path) -> None:  # noqa: ANN401 - as above
    if raster.driver not in DRIVERS:
        raise InputError("raster_format", path=path.name, driver=raster.driver, known=", ".join(DRIVERS))
    if any("complex" in str(kind) for kind in raster.dtypes):
        raise InputError("raster_complex", path=path.name)
    for height, width in raster.block_shapes:
        if height * width * 8 > BLOCK_MAX_BYTES:
            raise InputError("raster_blocks", path=path.name, size_mb=height * width * 8 // 1_000_000)
    grid = raster.transform
    terms = (grid.a, grid.b, grid.c, grid.d, grid.e, grid.f)
    size = abs(grid.a * grid.e - grid.b * grid.d)
    inverse = 1.0 / size if size > 0.0 else math.inf
    if not all(map(math.isfinite, terms)) or not (math.isfinite(size) and math.isfinite(inverse)) or grid.is_degenerate:
        raise InputError("raster_transform", path=path.name)
