# ruff: noqa: RUF001 - Chinese names with Chinese punctuation
"""The words of the sample district's settings and of its SOURCES.md."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from walkshed.catalogue import text

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD: Final = """\
# The fictional sample district (虚构示例区), written by: python -m walkshed.sample FOLDER
# SOURCES.md tells what is what.

[study]
id = "{id}"
title_en = {title_en}
title_zh = {title_zh}
note_en = {note_en}
note_zh = {note_zh}
data_date = "2025-01-01"
"""
BODY: Final = """\
[boundary]
source = "file"
path = "boundary.geojson"

[network]
source = "osm"
path = "streets.osm.pbf"
elevation = "elevation.tif"

[facilities]
source = "file"
path = "facilities.csv"
# Positions as the district office took them from a map on the internet.
datum = "gcj02"
# Capacity counts seats; a seat is taken to serve so many residents.
residents_per_capacity = 300

[units]
source = "file"
path = "units.geojson"

[walking]
profile = "adult"
compare_profiles = ["senior", "child", "wheelchair"]
cutoffs_min = [5, 10, 15]
cutoff_min = 15

[hours]
# Saturday, 20:00 to 21:00: who finds a room open then is told beside the headline, which asks for no hour.
hour = 140

[names]
# A leaflet's list of rooms, as leaflets write them.
list = "names.csv"
prefixes = ["虚构示例区"]

[candidates]
source = "file"
path = "candidates.csv"

[siting]
new_rooms = 3

[report]
language = "zh"
author_unit = "虚构示例区文化和旅游局"
sources = ["虚构示例数据：由 walkshed.sample 程序生成，不代表任何真实地点"]
# Nothing in here is from OpenStreetMap; only the form of the street file is.
openstreetmap = false
"""
HOMES: Final = """\
[residents]
source = "osm"
kind = "buildings"
m2_per_person = {m2_per_person}
default_levels = {default_levels}
# The census of the communities, seniors, children and students too, spread over their homes.
unit_totals = true
"""
REGISTER: Final = """\
[residents]
source = "file"
path = "compounds.geojson"
persons_per_household = {persons_per_household}
# People leave a compound by its open gates alone.
gates = "file"
gates_path = "gates.csv"
"""
SCENARIO: Final = """\
[scenario]
name_en = "West gate opened, footbridge built"
name_zh = "打开西门并新建人行桥"

[[scenario.edits]]
edit = "open_gate"
name = "江湾国际西门"
at = {gate}

[[scenario.edits]]
edit = "add_footbridge"
name = "滨江人行桥"
line = {bridge}
"""
SOURCES: Final = """\
# Sources: the fictional sample district (虚构示例区)

Everything in this folder is fictional. Every file was written by our own generator, `walkshed.sample`:

```
python -m walkshed.sample data/sample-district
```

The generator takes nothing from outside and gives the same bytes every time; a test writes the folder again and
compares.

本文件夹全部内容均为程序生成的虚构数据，与任何真实地点、人口、设施无关，可用上面的命令重新生成。

## Where it lies

Around 108.47 E, 29.53 N, in the mountains at Chongqing's latitude. The spot lies in China so that GCJ-02 is shifted
there; the hills, the river, the towns and the names are invented. The codes begin with 9999, which no real district's
do. Positions are WGS-84 unless the table says otherwise.

| file | what it is |
|---|---|
| `streets.osm.pbf` | streets, stairs, gates, crossings, {houses} buildings, land, water, woods, place names (1) |
| `elevation.tif` | heights in whole metres, cells of one second of arc (27 x 31 m) |
| `boundary.geojson` | the district |
| `units.geojson` | district, 3 towns, 12 communities: codes of 6, 9 and 12 digits, residents and groups (2) |
| `facilities.csv` | the rooms as a district office would send them: Chinese headers, GBK, GCJ-02 |
| `names.csv` | the rooms that a leaflet lists, some by other words, one that there is none of |
| `candidates.csv` | 16 empty premises with cost (10,000 yuan) and area |
| `compounds.geojson`, `compounds.csv` | 17 gated compounds with households told as "3005户", as walls and as points |
| `gates.csv` | their open gates |
| `study.toml` | residents estimated from floor area |
| `scenario.toml` | the same with a locked gate opened and a footbridge built |
| `compounds.toml` | residents of the gated compounds alone, by their register, leaving by their gates |

(1) In the format of OpenStreetMap; nothing in it comes from OpenStreetMap. (2) Seniors, children, students.

## What was put in on purpose

- Slips in `facilities.csv`: a room with neither place nor town, and a number given twice, are refused with their
  reasons; a room without place that names its town is kept and counts for the town alone.
- Rooms that are open, being built, planned and closed; around the clock, by day, and on single days.
- A compound of 3,005 households whose west gate, opposite a room, is locked; other compounds with one gate only.
- A step of 30 m in the ground between the lower and the upper old town: stairs straight up, a road aslant.
- Two bridges 1.7 km apart; a hamlet whose lanes nothing joins to the rest; one without any way on the map; a piece of
  street that misses its neighbour by some metres; a private drive.
- Names in `names.csv`: the same, another word for such a room (城市书房, 智慧书房), the district's name in front, one
  that is nearly another's, and one that no room has.
- Rooms that close in the evening, and rooms with fewer seats than their neighbours ask for: reasons `closed` and
  `full`.
- Buildings without stated storeys, and residents in `units.geojson` that differ from the estimate by floor area.
"""


def study_text(own_id: str, kind: str, *parts: str) -> str:
    """Return the settings of a study, with the title and the note of the catalogue."""
    said = {
        f"{name}_{language}": json.dumps(text(f"sample.{kind}_{name}", language), ensure_ascii=False)
        for name in ("title", "note")
        for language in ("en", "zh")
    }
    return "\n".join([HEAD.format(id=own_id, **said), *parts])


def scenario_text(gate: Sequence[float], bridge: Sequence[Sequence[float]]) -> str:
    """Return the scenario: degrees of the gate that is opened and of the bridge that is built."""
    return SCENARIO.format(gate=json.dumps(gate), bridge=json.dumps(bridge))
