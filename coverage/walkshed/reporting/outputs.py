"""The files of one run, in one folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from walkshed.files import unwritable
from walkshed.inputs.reject_files import write_rejects
from walkshed.progress import hearted, silent
from walkshed.reporting.figure import figure_map
from walkshed.reporting.layers import write_layers
from walkshed.reporting.snapshot import freeze_result
from walkshed.reporting.summary import write_summary
from walkshed.reporting.tables import write_xlsx
from walkshed.reporting.webmap import write_webmap

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from os import PathLike

    from walkshed.progress import Progress
    from walkshed.study import StudyResult

OUTPUTS: Final = ("summary.json", "result.gpkg", "map.html", "map.png", "tables.xlsx", "rejects.csv", "snapshot.zip")
"""All that a run leaves behind, in this order."""


@hearted
def write_outputs(
    result: StudyResult,
    folder: str | PathLike[str],
    *,
    language: str | None = None,
    date: str = "",
    only: Collection[str] = OUTPUTS,
    progress: Progress = silent,
) -> tuple[Path, ...]:
    """Write everything a run leaves behind.

    Parameters
    ----------
    result
        The study's result.
    folder
        Made when absent; files of the same names are replaced, each at once.
    language
        ``"zh"`` or ``"en"``; the study's own by default.
    date
        Of the snapshot; the study's ``data_date`` when empty.
    only
        Names of the files to write, of :data:`OUTPUTS`; all by default.
    progress
        Called before every file.

    Returns
    -------
    tuple of Path
        The files, in the order of :data:`OUTPUTS`.

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    spoken, place = language or result.config.report.language, Path(folder)
    steps: dict[str, tuple[str, Callable[[Path], object]]] = {
        "write_summary": ("summary.json", lambda path: write_summary(result, path)),
        "write_layers": ("result.gpkg", lambda path: write_layers(result, path)),
        "write_webmap": ("map.html", lambda path: write_webmap(result, path, language=spoken)),
        "write_figure": ("map.png", lambda path: figure_map(result, path, language=spoken)),
        "write_tables": ("tables.xlsx", lambda path: write_xlsx(result, path, language=spoken)),
        "write_rejects": ("rejects.csv", lambda path: write_rejects(result.inputs.rejects, path, language=spoken)),
        "write_snapshot": ("snapshot.zip", lambda path: freeze_result(result, path, date=date)),
    }
    written: list[Path] = []
    try:
        steps = {stage: step for stage, step in steps.items() if step[0] in only}
        place.mkdir(parents=True, exist_ok=True)
        for i, (stage, (name, write)) in enumerate(steps.items()):
            progress(stage, i, len(steps))
            write(place / name)
            written.append(place / name)
    except OSError as error:
        raise unwritable(place, error) from error
    progress("write_snapshot", len(steps), len(steps))
    return tuple(written)
