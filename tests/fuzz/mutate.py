"""Mutations of bytes of any kind, and of the structure of the kinds we know; hypothesis hands in the dice."""

from __future__ import annotations

import copy
import io
import json
import re
import sqlite3
import zipfile
from typing import TYPE_CHECKING, Any

from tests.fuzz import nasty

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    Maker = Callable[[Random], bytes]
    """Makes the content of a file from dice."""

MANY = 40
"""Times a piece is repeated at most."""
VALUES: tuple[Any, ...] = (*nasty.TEXTS, *nasty.NUMBERS, *nasty.INTEGERS, *nasty.SHAPES, True, None, [], {})
_TAG = re.compile(r"(<[^>]*>)")
_ATTRIBUTE = re.compile(r'\w[\w:.]*="([^"]*)"')


def either(*makers: Maker) -> Maker:
    """Return a maker that takes one of several, each as often."""
    return lambda dice: dice.choice(makers)(dice)


def changed_bytes(dice: Random, contents: Sequence[bytes]) -> bytes:
    """Flip, set, cut off, insert, overwrite, splice and repeat bytes of one of the contents."""
    data = bytearray(dice.choice(contents))
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3, 6))):
        kind, number, piece = dice.randrange(8), dice.randrange(256), dice.choice(nasty.BYTES)
        at = int(dice.random() * len(data))
        end = min(at + 1 + int(dice.random() ** 2 * (len(data) - at)), len(data))
        if kind == 0 and data:
            data[at] ^= 1 << number % 8
        elif kind == 1 and data:
            data[at] = number
        elif kind == 2:
            del data[at:end]
        elif kind == 3:
            del data[at:]
        elif kind == 4:
            data[at:at] = piece
        elif kind == 5:
            data[at : at + len(piece)] = piece
        elif kind == 6:
            other = dice.choice(contents)
            here = int(dice.random() * len(other))
            data[at : at + number] = other[here : here + number]
        else:
            data[at:at] = bytes(data[at : min(end, at + 500)]) * (number % MANY)
    return bytes(data)


def changed_cells(dice: Random, table: Sequence[Sequence[str]]) -> bytes:
    """Write a table with cells, columns, rows, delimiter and encoding changed."""
    rows = [list(row) for row in table]
    for _ in range(dice.randrange(9)):
        row = dice.choice(rows)
        kind, text = dice.randrange(12), dice.choice(nasty.TEXTS)
        if kind == 0 and len(rows) > 1:
            rows.remove(row)
        elif kind == 1:
            rows.insert(dice.randrange(len(rows)), list(row))
        elif kind == 2:
            rows[0].append(dice.choice(rows[0]) if rows[0] else text)
        elif kind == 3:
            del row[dice.randrange(len(row) + 1) :]
        elif kind == 4:
            row += [text] * 3
        elif row:
            row[dice.randrange(len(row))] = text
    mark, encoding = dice.choice(",,,\t;|"), dice.choice(("utf-8", "utf-8", "utf-8-sig", "gb18030", "utf-16"))
    quoted = dice.random() < 0.7
    lines = [mark.join(_quoted(cell) if quoted else cell for cell in row) for row in rows]
    return dice.choice(("\n", "\r\n", "\r")).join(lines).encode(encoding, "replace")


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def changed_json(dice: Random, content: bytes) -> bytes:
    """Replace, drop, repeat and nest values anywhere in a JSON text."""
    tree = json.loads(content)
    for _ in range(dice.randrange(7)):
        tree = _change_json(dice, tree, dice.randrange(1, 9))
    text = json.dumps(tree, ensure_ascii=dice.random() < 0.5)
    return text.encode(dice.choice(("utf-8", "utf-8", "utf-8-sig", "gb18030")), "replace")


def _change_json(dice: Random, tree: Any, steps: int) -> Any:
    if not isinstance(tree, dict | list) or not tree:
        return copy.deepcopy(dice.choice(VALUES))
    key = dice.choice(list(tree) if isinstance(tree, dict) else range(len(tree)))
    kind = dice.randrange(9)
    if steps > 1 and isinstance(tree[key], dict | list) and tree[key]:
        tree[key] = _change_json(dice, tree[key], steps - 1)
    elif kind == 0:
        del tree[key]
    elif kind == 1 and isinstance(tree, list):
        tree.extend([tree[key]] * 3)
    elif kind == 2:
        for _ in range(dice.choice((1, 1, 60, 900))):
            tree[key] = [tree[key]]
    else:
        tree[key] = copy.deepcopy(dice.choice(VALUES))
    return tree


def changed_xml(dice: Random, contents: Sequence[bytes]) -> bytes:
    """Drop, repeat, swap and fill elements and attributes; sometimes with a document type before them."""
    parts = _TAG.split(dice.choice(contents).decode("utf-8", "replace"))
    for _ in range(dice.randrange(9)):
        at, other, kind = dice.randrange(len(parts)), dice.randrange(len(parts)), dice.randrange(12)
        text = dice.choice(nasty.TEXTS) if dice.random() < 0.6 else str(dice.choice(nasty.NUMBERS + nasty.INTEGERS))
        safe = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        if kind == 0:
            parts[at] = ""
        elif kind == 1:
            parts.insert(at, parts[other])
        elif kind == 2:
            parts[at], parts[other] = parts[other], parts[at]
        elif kind == 3:
            low, high = sorted((at, other))
            parts[low:low] = parts[low : min(high, low + 60)] * dice.randrange(8)
        elif kind == 4:
            parts.insert(at, safe)
        elif not parts[at].startswith("<"):
            parts[at] = safe if parts[at].strip() or kind == 5 else parts[at]
        else:
            parts[at] = _change_attribute(dice, parts[at], safe)
    text = "".join(parts)
    if dice.random() < 0.08:
        head, mark, rest = text.partition("?>")
        text = head + mark + dice.choice(nasty.XML_BOMBS) + rest
    return text.encode(dice.choice(("utf-8", "utf-8", "utf-8", "utf-8", "utf-16", "gb18030")), "replace")


def _change_attribute(dice: Random, tag: str, value: str) -> str:
    found = list(_ATTRIBUTE.finditer(tag))
    if not found:
        return tag
    one = dice.choice(found)
    return f"{tag[: one.start(1)]}{value}{tag[one.end(1) :]}"


def changed_settings(dice: Random, content: bytes) -> bytes:
    """Change values, drop, repeat and swap lines of a TOML text."""
    lines = content.decode().splitlines()
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3, 8))):
        at, other, kind = dice.randrange(len(lines)), dice.randrange(len(lines)), dice.randrange(12)
        key, equals, _rest = lines[at].partition(" = ")
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, lines[other])
        elif kind == 2:
            lines[at] = f"{'a.' * dice.choice((1, 9, 90, 900))}{key or 'x'} = {dice.choice(nasty.SETTINGS)}"
        elif kind == 3:
            lines.insert(at, "[" + "x." * dice.choice((1, 40, 400)) + "y]")
        elif equals:
            lines[at] = f"{key} = {dice.choice(nasty.SETTINGS)}"
    return "\n".join(lines).encode("utf-8", "replace")


def changed_members(dice: Random, content: bytes, inner: Callable[[Random, Sequence[bytes]], bytes]) -> bytes:
    """Change what a zip file holds, and pack it again with checksums that fit."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    names = sorted(members)
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3))):
        name, other, kind = dice.choice(names), dice.choice(names), dice.randrange(10)
        if kind == 0:
            members.pop(name, None)
        elif kind == 1:
            members[name] = members.get(other, b"")
        elif kind == 2:
            strange = ("../x.shp", "/x.dbf", "a\\..\\b.shp", "x.zip", "CON", "名\x01.shp", f"{other}~")
            members[dice.choice(strange)] = members.get(name, b"")
        elif name in members:
            change = inner if name.endswith((".xml", ".rels")) else changed_bytes
            members[name] = change(dice, [members[name]])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", dice.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def changed_database(dice: Random, content: bytes, table: str, columns: Sequence[str]) -> bytes:
    """Run statements on a GeoPackage."""
    base = sqlite3.connect(":memory:")
    try:
        base.deserialize(content)
        base.create_function("ST_IsEmpty", 1, lambda _: 0)
        for name in ("MinX", "MaxX", "MinY", "MaxY"):
            base.create_function(f"ST_{name}", 1, lambda _: 0.0)
        for _ in range(dice.choice((0, 1, 1, 2, 3))):
            try:
                base.executescript(dice.choice(nasty.SQL).format(t=table, c=dice.choice(columns)))
            except sqlite3.Error:  # what an earlier one made impossible
                continue
        return base.serialize()
    finally:
        base.close()


def jumbled(dice: Random, pieces: Sequence[str]) -> bytes:
    """Join pieces, now and then with a character of any kind between them."""
    found = [
        dice.choice(pieces) if dice.random() < 0.85 else chr(dice.randrange(0x3000)) for _ in range(dice.randrange(14))
    ]
    return "".join(found).encode("utf-8", "surrogatepass")
