"""Machine code kept on disk: made again where it is damaged, done without where nothing can be kept."""

from __future__ import annotations

import importlib
import importlib.util
import resource
import sys
from typing import TYPE_CHECKING, Any

import numba
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SOURCE = """
from walkshed.network.compiled import kernel

@kernel
def twice(number):
    return 2 * number
"""
CALLED = """
from walkshed.network.compiled import kernel

EXTRA = 1

@kernel
def thrice(number):
    return 3 * number
"""
CALLING = """
from tripling import EXTRA, thrice
from walkshed.network.compiled import kernel

@kernel
def thrice_and_more(number):
    return thrice(number) + EXTRA
"""
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda _: b"",
    "garbage": lambda content: bytes(range(256)) * (len(content) // 256 + 1),
    "of another version": lambda content: content.replace(numba.__version__.encode(), b"0" * len(numba.__version__)),
}


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Load the kernel as a new process would."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    source = tmp_path / "doubling.py"
    source.write_text(SOURCE, encoding="utf-8")

    def load() -> Any:
        spec = importlib.util.spec_from_file_location("doubling", source)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.twice

    return load


def kept(tmp_path: Path, ending: str) -> list[Path]:
    return list((tmp_path / "cache").rglob(f"*{ending}"))


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("ending", [".nbi", ".nbc"])
def test_damaged_machine_code_is_made_again(fresh: Callable[[], Any], tmp_path: Path, damage: str, ending: str) -> None:
    assert fresh()(21) == 42
    (file,) = kept(tmp_path, ending)
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    assert fresh()(21) == 42
    again = fresh()
    assert again(21) == 42
    assert sum(again.stats.cache_hits.values()) == 1


def test_a_full_disk_keeps_no_machine_code_and_does_not_matter(fresh: Callable[[], Any], tmp_path: Path) -> None:
    function = fresh()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        assert function(21) == 42
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert kept(tmp_path, ".nbc") == []


def test_other_code_is_not_taken_for_it(fresh: Callable[[], Any], tmp_path: Path) -> None:
    assert fresh()(21) == 42
    (tmp_path / "doubling.py").write_text(SOURCE.replace("2 *", "3 *"), encoding="utf-8")
    assert fresh()(21) == 63


@pytest.mark.parametrize("change", [("3 *", "5 *"), ("EXTRA = 1", "EXTRA = 81")])
def test_a_change_of_what_was_taken_from_another_file_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str]
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(tmp_path)
    called = tmp_path / "tripling.py"
    called.write_text(CALLED, encoding="utf-8")
    (tmp_path / "calling.py").write_text(CALLING, encoding="utf-8")

    def load() -> Any:
        for name in ("tripling", "calling"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        importlib.invalidate_caches()
        return importlib.import_module("calling").thrice_and_more

    assert load()(7) == 22
    again = load()
    assert again(7) == 22
    assert sum(again.stats.cache_hits.values()) == 1
    called.write_text(CALLED.replace(*change), encoding="utf-8")
    assert load()(7) == {"5 *": 36, "EXTRA = 81": 102}[change[1]]
