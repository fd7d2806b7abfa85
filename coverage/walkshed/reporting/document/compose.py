"""The content of a report, from a study's result."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from walkshed.reporting.document.assessment import assessment, shortfalls
from walkshed.reporting.document.plan import annexes, phasing, proposals
from walkshed.reporting.document.state import existing, overview
from walkshed.reporting.document.tree import Report
from walkshed.reporting.document.words import tell
from walkshed.reporting.keyfigures import approval_line, source_line
from walkshed.reporting.wording import title

if TYPE_CHECKING:
    from walkshed.results import StudyResult


def compose_report(result: StudyResult, *, language: str = "zh", dated: date | None = None) -> Report:
    """Write a report about a study.

    Parameters
    ----------
    result
        The study's result.
    language
        ``"zh"`` or ``"en"``.
    dated
        Date on the report; today by default.

    Returns
    -------
    Report
        Overview, what there is, assessment with its bases, shortfalls, proposals, phases, annexes.
    """
    day = dated or datetime.now(tz=UTC).astimezone().date()
    return Report(
        language=language,
        title=title(result, language),
        subtitle=tell("subtitle", language, minutes=result.config.walking.cutoff_min),
        author=result.config.report.author_unit,
        date=tell("date", language, year=day.year, month=day.month, day=day.day),
        chapters=(
            overview(result, language),
            existing(result, language),
            assessment(result, language),
            shortfalls(result, language),
            proposals(result, language),
            phasing(result, language),
            annexes(result, language),
        ),
        credits=source_line(result, language),
        approval=approval_line(result, language),
    )
