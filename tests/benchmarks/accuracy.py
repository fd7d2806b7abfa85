"""How right reach is: ``python -m tests.benchmarks.accuracy --out docs/accuracy.md`` from the top of a checkout.

Every figure of that page comes from this command. Valhalla itself is needed for the causes; it has wheels from Python
3.12 on only, and ``WALKSHED_VALHALLA_PYTHON`` may name another interpreter that can import it. What is absent is named.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tests.benchmarks import accuracy_words as words
from tests.benchmarks.accuracy_causes import ALIKE, RESPECTS, Trial
from tests.benchmarks.accuracy_pairs import FAR_SHARE, METERS_PER_MINUTE, PEERS, WORST, Comparison
from tests.benchmarks.accuracy_pictures import exactness, overlaps, pictures
from tests.benchmarks.accuracy_told import Teller, Told, cause_name
from tests.benchmarks.valhalla_peer import VARIABLE, valhalla_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from walkshed.network.model import WalkNetwork

GOALS = {"length median": 0.02, "length p5": FAR_SHARE, "length p95": FAR_SHARE}
SAME_GOAL = 0.97
BINS = (0.0, 0.8, 0.9, 0.95, 0.98, 1.02, 1.05, 1.1, 1.25, np.inf)
BAR = 40
DRAWN_AREAS = 2
TIED, SHARED = "squares closed, tunnels tied", "and streets closed that Valhalla lacks"


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the page, and write it if a file is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.accuracy", description="Accuracy of reach.")
    parser.add_argument("--out", type=Path, help="write the page here, by custom docs/accuracy.md")
    options = parser.parse_args(arguments)
    compared = [Comparison(peer, extract) for peer in PEERS if (extract := peer.extract) is not None]
    missing = [peer for peer in PEERS if peer.extract is None]
    lines = [words.TITLE, words.own_figures(), *_own(compared[:DRAWN_AREAS]), words.VALHALLA]
    lines += [f"{peer.name} is not measured: its files are absent.\n" for peer in missing]
    python = valhalla_python()
    trials = [Trial(comparison, _far(comparison), python) for comparison in compared] if python else []
    lines += [words.FIGURES, _figures(compared, trials), *_goals(compared, trials)]
    lines += [words.SPREAD, *map(_spread, compared)]
    if python is None:
        lines.append(f"No interpreter has Valhalla (`{VARIABLE}` may name one), so that causes are not looked for.\n")
    else:
        lines += [words.causes(ALIKE, FAR_SHARE), _cause_table(trials), words.ALL_ALIKE, _all_alike(compared, python)]
        lines += [text for trial in trials for text in _worst(trial)]
    lines.append(words.MODEL)
    page = "\n".join(lines)
    sys.stdout.write(page)
    if options.out is not None:
        options.out.write_text(page, encoding="utf-8")
    return 0


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _own(compared: list[Comparison]) -> list[str]:
    exact, areas, homes = [], [], []
    for comparison in compared:
        name, network = comparison.peer.name, comparison.whole
        found = exactness(network)
        exact.append(
            [
                name,
                f"{found.pairs:,}",
                str(found.only_one),
                "equal" if found.apart_s == 0 else f"{found.apart_s:.1g} s",
                f"{found.unrounded_apart_s * 1e6:.0f} µs",
            ]
        )
        areas += [
            [name, f"{one.buffer_m:.0f} m", str(one.areas), f"{one.median:.4f}", f"{one.least:.4f}", str(one.invalid),
             str(one.not_nested)]
            for one in overlaps(network)
        ]  # fmt: skip
        homes += [
            [name, f"{one.cutoff_min:.0f} min", f"{one.residents:,.0f}", f"{one.covered:.1%}", f"{one.buffer_m:.0f} m",
             f"{one.disagree:.1%}", f"{one.painted:.1%}", f"{one.disagree - one.painted:.1%}"]
            for one in pictures(network, comparison.extract)
        ]  # fmt: skip
    return [
        words.EXACT,
        table(["area", "pairs", "found by one only", "rounded alike", "networkx not rounded, at most"], exact),
        words.OVERLAP,
        table(["area", "width", "areas", "median IoU", "least IoU", "invalid", "not nested"], areas),
        words.PICTURE,
        table(
            ["area", "walk", "residents", "within by minutes", "width", "disagree", "painted, but too far",
             "near, but not painted"],
            homes,
        ),
        words.PICTURE_MEANS,
    ]  # fmt: skip


def _settings(compared: list[Comparison], trials: list[Trial]) -> Iterator[tuple[Comparison, str, WalkNetwork]]:
    """Yield every area with what is made alike in it; the streets that Valhalla lacks are known from Valhalla only."""
    for place, comparison in enumerate(compared):
        yield comparison, "as we walk", comparison.whole
        yield comparison, "squares closed", comparison.streets
        yield comparison, TIED, comparison.alike
        if trials:
            yield comparison, SHARED, trials[place].network(frozenset({"squares", "tunnels", "missing"}))


def _figures(compared: list[Comparison], trials: list[Trial]) -> str:
    rows = []
    for comparison, setting, network in _settings(compared, trials):
        found = comparison.figures(network)
        rows.append(
            [
                comparison.peer.name,
                setting,
                f"{found['pairs']:,.0f}",
                f"{found['none']:.0f}",
                *(f"{found[f'length {name}']:.3f}" for name in ("p5", "median", "p95")),
                f"{found['within']:.1%}",
                *(f"{found[f'time {name}']:.3f}" for name in ("p5", "median", "p95")),
                f"{found['same']:.1%}",
                f"{found['same street']:.1%}",
            ]
        )
    head = ["area", "setting", "pairs", "no way", "length p5", "median", "p95", "within 10 %", "minutes p5", "median",
            "p95", "same class", "without legs"]  # fmt: skip
    return table(head, rows)


def _goals(compared: list[Comparison], trials: list[Trial]) -> list[str]:
    said: dict[str, list[str]] = {}
    for comparison, setting, network in _settings(compared, trials):
        if setting not in (TIED, SHARED):
            continue
        found = comparison.figures(network)
        missed = [name for name, room in GOALS.items() if abs(found[name] - 1) > room]
        missed += ["same class"] if found["same street"] < SAME_GOAL else []
        verdict = "missed: " + ", ".join(missed) if missed else "met"
        said.setdefault(comparison.peer.name, []).append(f"{setting}: {verdict}")
    return [words.GOALS, *(f"- {area}. {'; '.join(verdicts)}." for area, verdicts in said.items()), ""]


def _ratio(comparison: Comparison, network: str) -> pd.Series:
    minutes = comparison.minutes(getattr(comparison, network), legs=False)
    return minutes * METERS_PER_MINUTE / comparison.pairs["metres"]


def _spread(comparison: Comparison) -> str:
    ratio = _ratio(comparison, "alike").dropna()
    count, _ = np.histogram(ratio, BINS)
    lines = [f"{comparison.peer.name}\n", "```"]
    for low, high, number in zip(BINS[:-1], BINS[1:], count, strict=True):
        name = f"below {high:.2f}" if low == 0 else f"above {low:.2f}" if high == np.inf else f"{low:.2f} to {high:.2f}"
        lines.append(f"{name:>12} {number:6,} {number / len(ratio):6.1%} {'#' * round(BAR * number / len(ratio))}")
    return "\n".join([*lines, "```\n"])


def _far(comparison: Comparison) -> pd.DataFrame:
    """Return the pairs that lie apart, as we walk or on the same streets, the worst in any case, and their ratios."""
    pairs = comparison.pairs.assign(ratio=_ratio(comparison, "whole"), alike=_ratio(comparison, "alike"))
    ratios = pairs[["ratio", "alike"]]
    far = ~(np.abs(ratios - 1) <= FAR_SHARE)
    worst = np.abs(np.log(ratios)).rank(ascending=False, method="first") <= WORST
    return pairs[(far | worst).any(axis=1)]


def _cause_table(trials: list[Trial]) -> str:
    counted = []
    for trial in trials:
        ratio = trial.pairs["ratio"].to_numpy()
        asked = np.flatnonzero(~(np.abs(ratio - 1) <= FAR_SHARE))
        causes = trial.causes(frozenset())[0]
        counted.append(Counter(causes[row] for row in asked))
    ever = sorted({cause for count in counted for cause in count if cause is not None}, key=_cause_order)
    total = {cause: sum(count[cause] for count in counted) for cause in ever}
    rows = [
        [cause_name(cause), *(str(count[cause] or "") for count in counted), str(total[cause])]
        for cause in sorted(ever, key=lambda cause: -total[cause])
    ]
    none = [count[None] for count in counted]
    rows.append(["unexplained", *(str(number) for number in none), str(sum(none))])
    sums = [sum(count.values()) for count in counted]
    rows.append(["**all**", *(str(number) for number in sums), str(sum(sums))])
    return table(["cause", *(trial.comparison.peer.name for trial in trials), "all"], rows)


def _all_alike(compared: list[Comparison], python: str) -> str:
    rows = []
    for comparison in compared:
        ratio = Trial(comparison, comparison.pairs, python).ratios(frozenset(RESPECTS))
        ratio = ratio[np.isfinite(ratio)]
        told = [f"{share:.3f}" for share in np.quantile(ratio, [0, 0.05, 0.5, 0.95, 1])]
        near = [f"{(np.abs(ratio - 1) <= room).mean():.1%}" for room in (0.01, FAR_SHARE)]
        rows.append([comparison.peer.name, f"{len(ratio):,} of {len(comparison.pairs):,}", *told, *near])
    return table(
        ["area", "pairs with a way", "least", "p5", "median", "p95", "most", "within 1 %", "within 10 %"], rows
    )


def _cause_order(cause: frozenset[str]) -> tuple[int, list[int]]:
    return len(cause), sorted(RESPECTS.index(respect) for respect in cause)


def _worst(trial: Trial) -> list[str]:
    name, pairs = trial.comparison.peer.name, trial.pairs
    lines = []
    lost = np.flatnonzero(pairs["ratio"].isna())
    if len(lost):
        places, first = np.unique(pairs["to"].to_numpy()[lost], return_index=True)
        lines += [words.lost(name, len(lost), len(places)), *_listed(Teller(trial).tell(sorted(lost[first].tolist())))]
    chosen: list[int] = []
    for column, head, given in (
        ("ratio", words.worst(name), frozenset()),
        ("alike", words.worst_alike(name), frozenset({"squares", "tunnels"})),
    ):
        apart = np.abs(np.log(pairs[column].to_numpy()))
        rows = [row for row in np.argsort(-apart, kind="stable").tolist() if np.isfinite(apart[row])][:WORST]
        if set(rows) - set(chosen):
            lines += [head, *_listed(Teller(trial, given).tell(rows))]
        chosen += rows
    return lines


def _listed(told: list[Told]) -> list[str]:
    lines = []
    for number, one in enumerate(told, 1):
        ours = f"{one.ours_m:,.0f} m" if np.isfinite(one.ours_m) else "no way"
        ratio = f" ({one.ours_m / one.theirs_m:.2f})" if np.isfinite(one.ours_m) else ""
        walk = f"{number}. {one.origin} to {one.destination}: {ours}, Valhalla {one.theirs_m:,.0f} m{ratio}."
        why = " ".join(text for text in (f"**{one.cause}** (then {one.remains:.2f}).", one.why) if text)
        lines.append(f"{walk} {why} They part: {one.parts}.")
    return [*lines, ""]


if __name__ == "__main__":
    sys.exit(main())
