"""Facilities of one's own: read, refused with reasons, used for this session only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from walkshed.app import tables
from walkshed.app.views.data import file_name
from walkshed.catalogue import text
from walkshed.inputs.facilities import read_facilities
from walkshed.reporting.keyfigures import headline_rate
from walkshed.reporting.wording import percent
from walkshed.study import run_study
from walkshed.study.variants import with_facilities

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyInputs

GOOD = "名称,经度,纬度\n北站书屋,24.9405,60.1770\n南区书屋,24.9450,60.1650\n"
MIXED = (
    "facility_id,name,longitude,latitude\n"
    "r1,North room,24.9405,60.1770\n"
    "r2,Swapped,60.1770,24.9405\n"
    "r3,Nowhere,0,0\n"
    'r1,"=HYPERLINK(""http://x"")",24.9406,60.1771\n'
)
BAD = "name,colour\nRoom,blue\n"


def give(page: Any, content: str, name: str = "rooms.csv") -> Any:
    page.app.file_uploader[0].set_value((name, content.encode("utf-8-sig"), "text/csv"))
    return page.run()


def use(page: Any, language: str, count: int) -> Any:
    label = text("app.upload_use", language, count=count)
    next(button for button in page.app.button if button.label == label).click()
    return page.run()


def test_a_good_file_is_used_in_this_session_and_in_no_other(
    open_page: Callable[..., Any], helsinki: StudyConfig, helsinki_inputs: StudyInputs, tmp_path: Path
) -> None:
    page = give(open_page("data"), GOOD, "书屋.csv")
    assert text("app.upload_read", "zh", name="书屋.csv", count=2, rejected=0) in page.html()
    page = use(page, "zh", 2)
    assert text("app.upload_in_use", "zh", name="书屋.csv", count=2) in page.html()

    (tmp_path / "rooms.csv").write_text(GOOD, encoding="utf-8-sig")
    read = read_facilities(tmp_path / "rooms.csv", boundary=helsinki_inputs.boundary)
    expected = run_study(helsinki, inputs=with_facilities(helsinki_inputs, read, source="rooms.csv"))
    rate = headline_rate(expected)
    embedded = headline_rate(run_study(helsinki, inputs=helsinki_inputs))
    assert rate is not None
    assert embedded is not None
    own, public = percent(float(rate["rate"])), percent(float(embedded["rate"]))
    assert own != public

    page.go("coverage")
    assert f'<div class="ws-value">{own}</div>' in page.html()
    assert "北站书屋" in page.map_script()
    other = open_page("coverage")
    assert f'<div class="ws-value">{public}</div>' in other.html()
    assert "北站书屋" not in other.map_script()


def test_the_way_back_to_the_embedded_facilities(open_page: Callable[..., Any]) -> None:
    page = use(give(open_page("data", lang="en"), GOOD), "en", 2)
    next(button for button in page.app.button if button.label == text("app.back_to_study", "en")).click()
    page.run()
    assert text("app.upload_in_use", "en", name="rooms.csv", count=2) not in page.html()
    assert page.app.file_uploader[0].value is None


@pytest.mark.parametrize("language", ["zh", "en"])
def test_refused_rows_are_listed_with_line_and_reason(open_page: Callable[..., Any], language: str) -> None:
    page = give(open_page("data", lang=language), MIXED)
    assert (
        text("app.upload_read", language, name="rooms.csv", count=1, rejected=3).replace("'", "&#x27;") in page.html()
    )
    header = text("app.column_reject_reason", language)
    rejects = next(frame.value for frame in page.app.dataframe if header in frame.value)
    lines = rejects[text("app.column_reject_line", language)].tolist()
    assert lines == [3, 4, 5]
    assert rejects[header].tolist() == [
        text(f"rejects.{reason}", language) for reason in ("swapped", "zero_position", "duplicate_id")
    ]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_file_without_coordinates_is_refused_in_words(open_page: Callable[..., Any], language: str) -> None:
    page = give(open_page("data", lang=language), BAD)
    html = page.html()
    assert 'role="alert"' in html
    assert "colour" in html
    assert "rooms.csv" in html
    assert "/tmp" not in html  # noqa: S108 - the machine's folder must not be told
    assert not [button for button in page.app.button if button.label == text("app.upload_use", language, count=1)]


def test_a_hostile_name_stays_text(open_page: Callable[..., Any]) -> None:
    hostile = "<img src=x onerror=alert(1)>](javascript:alert(1)) ![x](http://example.org/x.png) :red[x] {{7*7}}"
    page = give(open_page("data", lang="en"), f'name,longitude,latitude\n"{hostile}",24.9405,60.1770\n')
    page = use(page, "en", 1)
    page.go("coverage")
    assert "<img" not in page.html()
    script = page.map_script()
    assert "<img" not in script
    assert "{{" not in script
    assert "onerror=alert(1)" in script


def test_a_hostile_file_name_stays_text(open_page: Callable[..., Any]) -> None:
    page = give(open_page("data", lang="en"), GOOD, "<b>x</b>&.csv")
    assert "&lt;b&gt;x&lt;/b&gt;&amp;.csv" in page.html()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\rooms\\阅览室.XLSX", "阅览室.xlsx"),
        ("a" * 300 + ".csv", "a" * 80 + ".csv"),
        ("\u202egnp.csv", "_gnp.csv"),
        (".csv", ".csv"),
    ],
)
def test_uploaded_files_get_safe_names(given: str, kept: str) -> None:
    assert file_name(given) == kept


def test_csv_opens_in_excel_and_runs_nothing() -> None:
    frame = pd.DataFrame({"名称": ["=1+1", "-2", "馆"], "行": pd.array([1, None, 3], dtype="Int64")})
    content = tables.csv_bytes(frame)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig").splitlines() == ["名称,行", "'=1+1,1", "'-2,", "馆,3"]
