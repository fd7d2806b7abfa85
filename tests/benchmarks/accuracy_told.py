"""What is said of a pair whose lengths lie apart: its cause, and the streets that show it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from pyproj import Transformer
from tests.benchmarks.accuracy_parts import Drawn, Extract, Stretch, draw_ours, draw_theirs, stretches
from tests.benchmarks.accuracy_routes import place_graph, route

if TYPE_CHECKING:
    from tests.benchmarks.accuracy_causes import Cause, Trial

NAMES = {
    "tunnels": "door into a tunnel",
    "squares": "square",
    "missing": "street that Valhalla lacks",
    "private": "private way, gate or ramp",
    "ends": "tied to another street",
    "taste": "Valhalla's taste",
}
SAID = ("highway", "footway", "service", "tunnel", "layer", "level", "area", "access", "foot")
SHARED_M = 5.0


class Told(NamedTuple):
    """One of the worst pairs."""

    origin: str
    destination: str
    ours_m: float
    theirs_m: float
    cause: str
    remains: float
    why: str
    parts: str


def cause_name(cause: Cause) -> str:
    """Return a cause in words."""
    return " + ".join(NAMES[respect] for respect in NAMES if respect in cause) or "nothing"


class Teller:
    """Tells the pairs of one area, where the two are alike in what is ``given``."""

    def __init__(self, trial: Trial, given: Cause = frozenset()) -> None:
        self.trial, self._given, self.network = trial, given, trial.network(given)
        self.causes, self.remains = trial.causes(given)
        whole = trial.comparison.whole
        self._tunnel_ways = set(whole.way_id[whole.underground].tolist())
        self.extract = Extract(trial.comparison.extract)
        self._open = set(self.network.way_id.tolist())
        self._to_metres = Transformer.from_crs("EPSG:4326", self.network.crs, always_xy=True)

    def tell(self, rows: list[int]) -> list[Told]:
        """Tell some pairs."""
        ties = [table.iloc[rows] for table in self.trial.ties(self.network, frozenset())]
        graph = place_graph(self.network, ties, quanta=None)
        told = []
        for at, row in enumerate(rows):
            pair, cause = self.trial.pairs.iloc[row], self.causes[row]
            ours = draw_ours(self.network, route(graph, at, at))
            theirs = draw_theirs(self.network, self.trial.theirs[False][row])
            mine = stretches(ours, theirs, self.extract, self.network) if ours.lines else []
            its = stretches(theirs, ours, self.extract, self.network) if ours.lines else []
            tied = [int(table["edge"].iloc[at]) for table in ties]
            why = [getattr(self, f"_{name}")(row, tied, ours, theirs, its) for name in NAMES if name in (cause or ())]
            told.append(
                Told(
                    origin=_short(pair["from"]),
                    destination=_short(pair["to"]),
                    ours_m=float(shapely.length(ours.lines).sum()) if ours.lines else np.nan,
                    theirs_m=float(pair["metres"]),
                    cause="unexplained" if cause is None else cause_name(cause),
                    remains=float(self.remains[row]),
                    why=" ".join(text for text in why if text),
                    parts=f"ours {_some(mine)}; Valhalla {_some(its)}" if ours.lines else "we find no way at all",
                )
            )
        return told

    def _tunnels(self, row: int, tied: list[int], *_: object) -> str:
        network = self.trial.network(self._given | (self.causes[row] or frozenset()))
        said = []
        for table, edge, end in zip(self.trial.ties(network, frozenset()), tied, ("start", "end"), strict=True):
            other = int(table["edge"].iloc[row])
            way = int(network.way_id[other])
            if edge >= 0 and other >= 0 and way in self._tunnel_ways:
                own = self._way(int(self.network.way_id[edge]))
                said.append(f"Valhalla's {end} is in the tunnel {self._way(way)}, ours on {own}.")
        return " ".join(said)

    def _squares(self, _row: int, tied: list[int], ours: Drawn, *_: object) -> str:
        rims = self._walked(ours, self.trial.square_ways)
        if not rims:
            on = [int(self.network.way_id[edge]) for edge in tied if edge >= 0]
            rims = Counter({way: 0.0 for way in on if way in self.trial.square_ways})
        return f"We walk {sum(rims.values()):.0f} m along squares: {self._most(rims)}." if rims else "Squares."

    def _missing(self, _row: int, _tied: list[int], ours: Drawn, *_: object) -> str:
        walked = self._walked(ours, self.trial.missing_ways)
        kinds: Counter[str] = Counter()
        for way, metres in walked.items():
            kinds[self._kind(way)] += metres
        if not kinds:
            return "A street that Valhalla lacks is the one that we tie to."
        lacking = ", ".join(f"{kind} ({metres:.0f} m)" for kind, metres in kinds.most_common(2))
        return f"Valhalla lacks {lacking}: {self._most(walked)}."

    def _kind(self, way: int) -> str:
        tags = self.extract.tags.get(way, {})
        if way in self.trial.cut_ways:
            return "a street cut off at the rim of the extract"
        if tags.get("highway") == "cycleway":
            return "a cycleway without word on walkers"
        return f"highway={tags.get('highway', '?')}"

    def _private(self, _row: int, _tied: list[int], _ours: Drawn, theirs: Drawn, its: list[Stretch]) -> str:
        shut = self._walked(theirs, set(theirs.ways) - self._open - {0})
        if shut:
            return f"Valhalla walks {sum(shut.values()):.0f} m on ways that we close: {self._most(shut)}."
        gates = [barrier for stretch in its for barrier in stretch.barriers]
        return f"Valhalla passes a gate: {gates[0]}." if gates else "Valhalla starts or ends on a private way."

    def _ends(self, row: int, tied: list[int], _ours: Drawn, theirs: Drawn, _its: list[Stretch]) -> str:
        pair = self.trial.pairs.iloc[row]
        line = self.trial.theirs[False][row]["line"]
        said = []
        ties = self.trial.ties(self.network, frozenset())
        for side, table, edge, place, way in zip(
            ("from", "to"), ties, tied, (line[0], line[-1]), (theirs.ways[0], theirs.ways[-1]), strict=True
        ):
            x, y = self._to_metres.transform(*place)
            own_x, own_y = self._to_metres.transform(pair[f"{side}_lon"], pair[f"{side}_lat"])
            far = float(np.hypot(x - own_x, y - own_y))
            if edge < 0:
                said.append(f"we tie nothing within 150 m, Valhalla {far:.0f} m away to {self._way(way)}.")
                continue
            near = float(shapely.distance(self.network.edge_lines[edge], shapely.Point(own_x, own_y)))
            apart = float(shapely.distance(self.network.edge_lines[edge], shapely.Point(x, y)))
            if apart > SHARED_M:
                own = int(self.network.way_id[edge])
                moved = ", our nearest being a fragment" if bool(table["moved"].iloc[row]) else ""
                lacks = ", which Valhalla lacks" if own in self.trial.missing_ways else ""
                said.append(
                    f"we tie to {self._way(own)} {near:.0f} m away{lacks}{moved}, Valhalla {far:.0f} m away to "
                    f"{self._way(way)}."
                )
        text = " ".join(said) or "both tie to the same street at different places."
        return text[0].upper() + text[1:]

    def _taste(self, row: int, *_: object) -> str:
        usual, shortest = self.trial.theirs[False][row], self.trial.theirs[True][row]
        first, second = draw_theirs(self.network, usual), draw_theirs(self.network, shortest)
        avoided = stretches(second, first, self.extract, self.network)
        longer = usual["metres"] - shortest["metres"]
        return f"Valhalla goes {longer:.0f} m round to avoid {_some(avoided)}."

    def _walked(self, drawn: Drawn, ways: set[int]) -> Counter[int]:
        found: Counter[int] = Counter()
        for way, line in zip(drawn.ways, drawn.lines, strict=True):
            if way in ways:
                found[way] += float(line.length)
        return found

    def _most(self, walked: Counter[int]) -> str:
        return ", ".join(self._way(way) for way, _ in walked.most_common(2))

    def _way(self, way: int) -> str:
        return f"{way} ({tags_told(self.extract.tags.get(way, {}))})"


def tags_told(tags: dict[str, str]) -> str:
    """Return the tags that matter to walkers, and the name."""
    said = [f"{key}={tags[key]}" for key in SAID if key in tags]
    return ", ".join([*said, *([tags["name"]] if "name" in tags else [])])


def _some(found: list[Stretch]) -> str:
    said = [
        f"{stretch.metres:.0f} m on {stretch.way} ({tags_told(stretch.tags)})"
        + "".join(f" [{b}]" for b in stretch.barriers)
        for stretch in found[:1]
    ]
    return ", ".join(said) or "nothing else"


def _short(name: str) -> str:
    *words, _lon, _lat = name.split(" ")
    return " ".join(words)
