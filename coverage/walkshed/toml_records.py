"""Nested frozen dataclasses from TOML and back, with every finding at once.

Knows nothing of any particular dataclass: types come from the annotations (``str``, ``bool``, ``int``, ``float``,
tuples of those, ``dict`` with text keys, ``Any``, nested dataclasses), limits from metadata (``low``, ``high``,
``choices``).
"""

from __future__ import annotations

import difflib
import math
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

import tomli_w

from walkshed.errors import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from dataclasses import Field

Record = TypeVar("Record")
TOLD = 200
"""Characters of a wrong value that a message shows."""
HINTED = 100
"""Unknown keys for which the nearest known one is looked up; it takes a while."""
DEEPEST = 12
"""Lists and tables within each other in a value of no given kind."""
INTEGERS = range(-(2**63), 2**63)
PLAIN_NAMES = MappingProxyType({str: "text", bool: "flag", int: "integer", float: "number"})


def build_record(
    kind: type[Record], data: Mapping[str, Any], *, prefix: str = "", skip: tuple[str, ...] = ()
) -> tuple[Record, list[Message]]:
    """Build a dataclass from parsed TOML.

    Parameters
    ----------
    kind
        The dataclass.
    data
        Parsed TOML.
    prefix
        Where ``data`` stands in the file, for messages; empty or ending in a dot.
    skip
        Fields that no file may set.

    Returns
    -------
    tuple
        The record (with defaults in place of what is wrong) and the list of findings.
    """
    problems: list[Message] = []
    hints = get_type_hints(kind)
    known = {item.name: item for item in fields(kind) if item.name not in skip}  # type: ignore[arg-type]  # a dataclass
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1) if len(problems) < HINTED else []
            problems.append(
                Message(
                    "errors.key_unknown_near" if near else "errors.key_unknown",
                    {"key": prefix + key, "near": near[0] if near else "", "known": ", ".join(known)},
                )
            )
            continue
        converted, found = _convert(hints[key], value, prefix + key, known[key])
        problems += found
        if not found or is_dataclass(converted):  # a record keeps what was right in it
            values[key] = converted
    return kind(**values), problems


def _convert(hint: Any, value: Any, where: str, item: Field[Any]) -> tuple[Any, list[Message]]:  # noqa: ANN401 - any annotation, any TOML value
    if isinstance(hint, type) and is_dataclass(hint):
        if not isinstance(value, dict):
            return None, [_wrong(where, "table", value)]
        return build_record(hint, value, prefix=f"{where}.")
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is dict:
        return _convert_table(arguments[1], value, where, item)
    if origin is tuple:
        if not isinstance(value, list):
            return None, [_wrong(where, "list", value)]
        parts = [_convert(arguments[0], part, f"{where}[{i}]", item) for i, part in enumerate(value)]
        return tuple(part for part, _ in parts), [problem for _, found in parts for problem in found]
    return _convert_plain(hint, value, where, item)


def _convert_table(hint: Any, value: Any, where: str, item: Field[Any]) -> tuple[Any, list[Message]]:  # noqa: ANN401 - as above
    if not isinstance(value, dict):
        return None, [_wrong(where, "table", value)]
    parts = {key: _convert(hint, part, f"{where}.{key}", item) for key, part in value.items()}
    return {key: part for key, (part, _) in parts.items()}, [p for _, found in parts.values() for p in found]


def _convert_plain(hint: Any, given: Any, where: str, item: Field[Any]) -> tuple[Any, list[Message]]:  # noqa: ANN401 - as above
    if hint is Any:
        return (given, []) if _is_storable(given) else (None, [_wrong(where, "table", given)])
    number = isinstance(given, int | float) and not isinstance(given, bool)
    storable = not isinstance(given, int) or given in INTEGERS
    value: Any = float(given) if hint is float and number and storable else given
    if not storable or not isinstance(value, hint) or (hint is int and not number):
        return None, [_wrong(where, PLAIN_NAMES[hint], value)]
    problem = _outside_limits(value, where, item)
    return (value, []) if problem is None else (None, [problem])


def _outside_limits(value: Any, where: str, item: Field[Any]) -> Message | None:  # noqa: ANN401 - a text or a number
    if "low" in item.metadata:
        low, high = item.metadata["low"], item.metadata["high"]
        if not _within(value, low, high):
            return Message("errors.value_range", {"key": where, "value": value, "low": low, "high": high})
    if isinstance(value, str) and "\0" in value:
        return Message("errors.text_null", {"key": where})
    choices = item.metadata.get("choices")
    if choices and value not in choices:
        return Message("errors.value_choice", {"key": where, "value": value, "choices": ", ".join(choices)})
    return None


def _is_storable(value: Any, depth: int = 0) -> bool:  # noqa: ANN401 - any TOML value
    """Say whether a value of no given kind can be written again: not too deep, no endless number, no code 0."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return depth < DEEPEST and all(_is_storable(part, depth + 1) for part in inner)
    return (not isinstance(value, int) or value in INTEGERS) and not (isinstance(value, str) and "\0" in value)


def _within(value: Any, low: float, high: float) -> bool:  # noqa: ANN401 - a number, checked by the caller
    return math.isfinite(value) and low <= value <= high


def _wrong(where: str, expected: str, value: object) -> Message:
    return Message(f"errors.no_{expected}", {"key": where, "value": _told(value)})


def _told(value: object) -> str:
    """Return a value as a message shows it."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, lists in lists in lists
        text = type(value).__name__
    return text if len(text) <= TOLD else f"{text[:TOLD]}..."


def plain(record: Any, *, skip: tuple[str, ...] = ()) -> Any:  # noqa: ANN401 - a dataclass becomes a dict, the rest stays
    """Return a record as what TOML can hold: dicts, lists and plain values.

    Parameters
    ----------
    record
        A dataclass, dict, tuple or plain value.
    skip
        Fields of the outermost record to leave out.
    """
    if is_dataclass(record):
        return {item.name: plain(getattr(record, item.name)) for item in fields(record) if item.name not in skip}
    if isinstance(record, dict):
        return {str(key): plain(value) for key, value in record.items()}
    if isinstance(record, tuple | list):
        return [plain(value) for value in record]
    return record


def write_tables(tables: Mapping[str, Any], comment: Callable[[str], str], *, records: Collection[str] = ()) -> str:
    """Write tables as TOML, each key below its comment.

    Parameters
    ----------
    tables
        ``{table: {key: value}}`` as :func:`plain` returns it.
    comment
        Called with ``"table"`` and ``"table.key"``; an empty answer writes no comment.
    records
        ``"table.key"`` of lists of tables: an empty one is explained and not written, so that ``[[table.key]]`` can be
        added below.
    """
    lines = (line for name, table in tables.items() for line in _table_lines(name, table, comment, records))
    return "\n".join(lines) + "\n"


def _table_lines(
    name: str, table: Mapping[str, Any], comment: Callable[[str], str], records: Collection[str]
) -> Iterator[str]:
    yield from _comment_lines(comment(name))
    yield f"[{name}]"
    nested = {key: value for key, value in table.items() if isinstance(value, dict) or _is_records(value)}
    for key, value in table.items():
        if key not in nested:
            yield from _comment_lines(comment(f"{name}.{key}"))
            if value or f"{name}.{key}" not in records:
                yield f"{key} = {_value(value)}"
    yield ""
    explained: set[str] = set()
    for key, value in nested.items():
        yield from _comment_lines(comment(f"{name}.{key}"))
        if _is_records(value):
            yield from (f"[[{name}.{key}]]\n{tomli_w.dumps(record)}" for record in value)
            continue
        yield f"[{name}.{_value_key(key)}]"
        for inner, part in value.items():
            if inner not in explained:  # tables of one kind explain a key once
                explained.add(inner)
                yield from _comment_lines(comment(f"{name}.{inner}"))
            yield f"{_value_key(inner)} = {_value(part)}"
        yield ""


def _is_records(value: Any) -> bool:  # noqa: ANN401 - a plain value or a list of them
    return isinstance(value, list) and bool(value) and all(isinstance(part, dict) for part in value)


def _value_key(key: str) -> str:
    return tomli_w.dumps({key: 0}).partition(" = ")[0]


def _value(value: Any) -> str:  # noqa: ANN401 - a plain value or a list of them
    if isinstance(value, list):
        return f"[{', '.join(_value(part) for part in value)}]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").rstrip("\n")


def _comment_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield f"# {line}".rstrip()
