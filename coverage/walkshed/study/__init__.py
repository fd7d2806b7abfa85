"""The only orchestration: from a configuration to a frozen result."""

from __future__ import annotations

from walkshed.results import Assessment, InputRecord, Measures, Norms, StudyInputs, StudyResult, Survey
from walkshed.study.assessment import assess_study
from walkshed.study.load import load_study
from walkshed.study.run import run_study, survey_study

__all__ = [
    "Assessment",
    "InputRecord",
    "Measures",
    "Norms",
    "StudyInputs",
    "StudyResult",
    "Survey",
    "assess_study",
    "load_study",
    "run_study",
    "survey_study",
]
