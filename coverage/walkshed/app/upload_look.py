"""A first look at a user's file: read once, with what is wrong with it and what is doubtful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import geopandas as gpd
import streamlit as st

from walkshed.app import file_names
from walkshed.app.texts import language, say
from walkshed.app.upload_reading import Found, Surroundings, read_upload
from walkshed.errors import WalkshedError
from walkshed.files import drop_scratch, make_scratch
from walkshed.inputs.boundary import read_boundary
from walkshed.inputs.datum_check import datum_findings
from walkshed.study.layers import osm_layer

if TYPE_CHECKING:
    from pathlib import Path

    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from walkshed.app.uploads import Choices
    from walkshed.errors import Message
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult


SEEN_KEY: Final = "upload_seen"
DOUBTED: Final = ("facilities", "demand", "candidates")


class Seen(NamedTuple):
    """What was found in a file with one set of choices; kept so that a click elsewhere reads nothing again."""

    found: Found | None
    error: str
    doubt: Message | None


class on_disk:  # noqa: N801 - used like a function
    """Give an uploaded file a place on disk as long as it is read."""

    def __init__(self, file: UploadedFile) -> None:
        self.file = file
        self.folder = make_scratch("upload")

    def __enter__(self) -> Path:
        """Write the file."""
        path = self.folder / file_names.file_name(self.file.name)
        path.write_bytes(self.file.getbuffer())
        return path

    def __exit__(self, *_: object) -> None:
        """Take it away again."""
        drop_scratch(self.folder)


def told(error: WalkshedError, path: Path) -> str:
    """Return an error without the machine's folder."""
    return file_names.without_folder(error, path.parent).text(language())


def read(file: UploadedFile, layer: str, choices: Choices, config: StudyConfig, result: StudyResult | None) -> Seen:
    """Return what a file holds, read once for one set of choices."""
    known: dict[str, Seen] = st.session_state.setdefault(SEEN_KEY, {})
    key = f"{layer}/{file.file_id}/{choices!r}/{config.digest()}/{language()}"
    if key not in known:
        known.clear()
        with st.spinner(say("reading")), on_disk(file) as path:
            try:
                found = read_upload(path, layer, choices, _around(config, result), config)
                known[key] = Seen(found, "", _doubt(layer, choices, found, config, result))
            except WalkshedError as error:
                known[key] = Seen(None, told(error, path), None)
    return known[key]


def _around(config: StudyConfig, result: StudyResult | None) -> Surroundings:
    """Return what of the study is known; of one that cannot be computed yet, its boundary where that is a file."""
    if result is not None:
        inputs = result.inputs
        units = inputs.units if len(inputs.units) else None
        return Surroundings(inputs.boundary, inputs.facilities, inputs.demand, units, inputs.network)
    if config.boundary.source == "file" and config.resolve(config.boundary.path).is_file():
        return Surroundings(boundary=read_boundary(config.resolve(config.boundary.path), datum=config.boundary.datum))
    return Surroundings()


def _doubt(
    layer: str, choices: Choices, found: Found, config: StudyConfig, result: StudyResult | None
) -> Message | None:
    """Return a note where the rows fit the study's streets and buildings better under another datum."""
    if result is None or layer not in DOUBTED or not isinstance(found.table, gpd.GeoDataFrame):
        return None
    buildings = osm_layer(config, result.inputs.boundary, "buildings") if config.network.source == "osm" else None
    findings = datum_findings(
        {layer: found.table}, declared={layer: choices.datum}, network=result.inputs.network, buildings=buildings
    )
    return next((finding.note for finding in findings if finding.suspicious), None)
