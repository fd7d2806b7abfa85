"""Errors carry what a user needs and survive a trip between processes."""

from __future__ import annotations

import pickle

from walkshed.errors import ContractError, FetchError, InputError, Message, WalkshedError


def test_an_error_speaks_both_languages_and_lists_its_problems() -> None:
    error = ContractError(
        "contract",
        table="facilities",
        problems=[Message("errors.contract_missing", {"column": "name", "seen": "a, b"})],
    )
    assert str(error) == ("The facilities table is not valid:\n  - column 'name' is missing (columns seen: a, b)")
    assert "缺少列“name”" in error.text("zh")


def test_errors_are_also_what_the_language_expects() -> None:
    assert isinstance(InputError("study_missing", where="x"), ValueError)
    assert issubclass(FetchError, OSError)
    assert issubclass(FetchError, WalkshedError)


def test_an_error_survives_pickling() -> None:
    error = ContractError("contract", table="units", problems=[Message("errors.contract_crs", {"crs": "EPSG:3857"})])
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(again) is ContractError
    assert again.text("zh") == error.text("zh")
    assert again.problems == error.problems
