"""study.toml: read, refuse with every finding, write, digest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from walkshed.catalogue import entries
from walkshed.errors import ContractError, InputError
from walkshed.parameters import StudyConfig
from walkshed.walkers import STANDARD_PROFILES, Profile

if TYPE_CHECKING:
    from pathlib import Path

MINIMAL = """
[network]
path = "city.osm.pbf"
[facilities]
path = "rooms.csv"
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(MINIMAL, encoding="utf-8")
    return tmp_path


def test_reads_a_folder_and_a_file_alike(study: Path) -> None:
    assert StudyConfig.from_toml(study) == StudyConfig.from_toml(study / "study.toml")
    assert StudyConfig.from_toml(study).resolve("rooms.csv") == (study / "rooms.csv").resolve()


@pytest.mark.parametrize("comments", ["", "en", "zh"])
def test_written_text_reads_back_the_same(study: Path, tmp_path: Path, comments: str) -> None:
    config = replace(
        StudyConfig.from_toml(study), profiles=dict(STANDARD_PROFILES) | {"wheelchair": Profile(speed_kmh=2.5)}
    )
    (tmp_path / "again.toml").write_text(config.to_toml(comments=comments), encoding="utf-8")
    again = StudyConfig.from_toml(tmp_path / "again.toml")
    assert again == config
    assert again.digest() == config.digest()


def test_digest_follows_the_settings_and_not_the_folder(study: Path, tmp_path: Path) -> None:
    config = StudyConfig.from_toml(study)
    assert replace(config, folder=tmp_path / "elsewhere").digest() == config.digest()
    assert replace(config, siting=replace(config.siting, new_rooms=7)).digest() != config.digest()


def test_a_profile_in_the_file_stands_beside_the_standard_ones(study: Path) -> None:
    (study / "study.toml").write_text(MINIMAL + "[profiles.slow]\nspeed_kmh = 2.0\n", encoding="utf-8")
    config = StudyConfig.from_toml(study)
    assert set(config.profiles) == {*STANDARD_PROFILES, "slow"}
    assert config.speed_kmh("slow") == 2.0
    assert config.speed_kmh() == STANDARD_PROFILES["adult"].speed_kmh


def test_a_standard_profile_keeps_what_the_file_leaves_unsaid(study: Path) -> None:
    (study / "study.toml").write_text(MINIMAL + "[profiles.senior]\nsignal_delay_s = 20\n", encoding="utf-8")
    assert StudyConfig.from_toml(study).profiles["senior"] == replace(STANDARD_PROFILES["senior"], signal_delay_s=20.0)


def test_edits_of_a_scenario_read_back_the_same(study: Path) -> None:
    edits = """
    [[scenario.edits]]
    edit = "add_footbridge"
    line = [[24.9, 60.1], [24.91, 60.1]]
    steps = true
    [[scenario.edits]]
    edit = "close_link"
    way_ids = [12]
    """
    (study / "study.toml").write_text(MINIMAL + edits, encoding="utf-8")
    config = StudyConfig.from_toml(study)
    assert [edit["edit"] for edit in config.scenario.edits] == ["add_footbridge", "close_link"]
    (study / "study.toml").write_text(config.to_toml(comments="zh"), encoding="utf-8")
    assert StudyConfig.from_toml(study) == config


@pytest.mark.parametrize(
    ("added", "edits", "rules"),
    [
        ('[[scenario.edits]]\nedit = "close_facility"\nfacility_id = "a"\n', 1, 0),
        ('[[criteria.rules]]\nname = "area"\ncolumn = "area_m2"\nvalue = 100\n', 0, 1),
    ],
)
def test_records_can_be_added_below_what_init_writes(study: Path, added: str, edits: int, rules: int) -> None:
    written = StudyConfig.from_toml(study).to_toml(comments="en")
    (study / "study.toml").write_text(written + added, encoding="utf-8")
    config = StudyConfig.from_toml(study)
    assert (len(config.scenario.edits), len(config.criteria.rules)) == (edits, rules)
    (study / "study.toml").write_text(config.to_toml(comments="zh"), encoding="utf-8")
    assert StudyConfig.from_toml(study) == config


def test_a_tag_of_an_access_rule_must_be_key_and_value(study: Path) -> None:
    (study / "study.toml").write_text(MINIMAL + "[access]\nforbid = ['highway']\n", encoding="utf-8")
    with pytest.raises(InputError, match="highway"):
        StudyConfig.from_toml(study)


def test_every_finding_comes_in_one_message_in_both_languages(study: Path) -> None:
    bad = """
    colour = "blue"
    [network]
    pat = "city.osm.pbf"
    snap_max_m = -3
    source = "carrier pigeon"
    [walking]
    profile = "astronaut"
    cutoffs_min = [5, "ten"]
    [siting]
    new_rooms = 2.5
    [residents]
    datum = "mars"
    include = true
    """
    (study / "study.toml").write_text(bad, encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        StudyConfig.from_toml(study)
    english, chinese = caught.value.text("en"), caught.value.text("zh")
    for word in (
        "colour", "network.pat", "did you mean 'path'", "snap_max_m", "carrier pigeon", "astronaut", "cutoffs_min[1]",
        "siting.new_rooms", "mars", "residents.include", "facilities.path", "network.path",
    ):  # fmt: skip
        assert word in english
    assert "未知的键“colour”" in chinese
    assert len(chinese.splitlines()) == len(english.splitlines()) == 12


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("[walking]\ncutoffs_min = []", "cutoffs_min"),
        ("[walking]\ncutoff_min = 12", "must be one of 'walking.cutoffs_min'"),
        ("[walking]\ncutoffs_min = [5, 500]\ncutoff_min = 5", "up to 120"),
        ("[facilities]\nserving = ['asleep']", "asleep"),
        ("[boundary]\nsource = 'units'", "[units] source"),
        ("[network]\nsource = 'download'", "needs a [boundary]"),
        ("[boundary]\nsource = 'place'", "boundary.place"),
        ("[facilities]\nsource = 'osm'", "facilities.tags"),
        ("[siting]\nmip_gap = nan", "mip_gap"),
        ("[siting]\nnew_rooms = true", "new_rooms"),
        ("profiles = 3", "must be a table"),
        ("[facilities]\ntags = 3", "must be a table"),
        ("[report]\nsources = 'one'", "must be a list"),
    ],
)
def test_contradictions_are_named(study: Path, text: str, finding: str) -> None:
    (study / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        StudyConfig.from_toml(study)
    assert finding in str(caught.value)


@pytest.mark.parametrize(
    ("content", "finding"),
    [(b"[study\n", "not valid TOML"), ("[study]\ntitle_zh = '阅览室'".encode("gb18030"), "not UTF-8")],
)
def test_unreadable_files_are_explained(study: Path, content: bytes, finding: str) -> None:
    (study / "study.toml").write_bytes(content)
    with pytest.raises(InputError, match=finding):
        StudyConfig.from_toml(study)


def test_a_missing_study_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="walkshed init"):
        StudyConfig.from_toml(tmp_path / "nowhere")


def test_every_key_of_the_file_is_explained_in_the_catalogue(study: Path) -> None:
    explained = {key.removeprefix("config.") for key in entries() if key.startswith("config.")}
    config = StudyConfig.from_toml(study)
    tables = [name for name in vars(config) if name != "folder"]
    wanted = set(tables) | {f"{t}_{k}" for t in tables if t != "profiles" for k in vars(getattr(config, t))}
    wanted |= {f"profiles_{k}" for k in vars(Profile())}
    assert wanted <= explained
    # Records ([[scenario.edits]], [[criteria.rules]], ...) have keys of their own below their list.
    records = ("edit_", "criteria_rules_", "siting_floors_", "siting_links_")
    assert {key for key in explained - wanted if not key.startswith(records)} == set()
