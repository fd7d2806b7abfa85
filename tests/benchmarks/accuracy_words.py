"""The sentences of the page on accuracy; its figures are put in by the command."""

from __future__ import annotations

from tests.benchmarks.accuracy_pairs import LONGEST_M, RIM_NOTE, SHORTEST_M, SPEED_KMH
from tests.benchmarks.accuracy_pictures import ADULT_KMH, LEVELS, M2_PER_PERSON

from walkshed.network.slope import FASTEST_SLOPE
from walkshed.reach.graph import QUANTA_PER_MINUTE, RESULT_DECIMALS

TITLE = """# How right the walking times are

This page is written by `python -m tests.benchmarks.accuracy --out docs/accuracy.md`; do not edit it by hand. It
answers three questions. Do we compute what we say we compute? Does the picture on the map show it? Does an
independent program find the same walks?
"""


def own_figures() -> str:
    """Return how minutes are counted."""
    quantum_ns = 60e9 / QUANTA_PER_MINUTE
    return f"""## 1. Our own arithmetic

Streets are cut exactly where a place stands on them, both legs between place and street are charged, and the shortest
of all walks counts. Every elementary time (a street one way, a part of a street, a leg) is rounded once, to 1/2^30
minute ({quantum_ns:.0f} ns). Sums of such numbers are exact on a computer. So a result depends neither on the order
in which a search adds up, nor on the side it starts from, nor on the number of threads. Minutes leave the program
with {RESULT_DECIMALS} decimals.
"""


EXACT = """### Against networkx

The same streets as a graph in networkx, with a node of its own for every place, and Dijkstra's algorithm of networkx.
"Rounded alike" gives networkx our rounded times: the minutes must then be equal to the last digit. The last column
gives it the times as they are, and shows what all rounding together amounts to.
"""

OVERLAP = """### Isochrones against exact buffers

What is drawn is a band around the streets that are within reach, each clipped exactly where the minutes run out.
Truth is the union of the buffers around those clipped streets, by shapely with 16 segments to a quarter circle. IoU
is the share that both have of what either has; the goal is 0.995. Areas are for 12 places and 5, 10 and 15 minutes.
None may be invalid, and a shorter walk must lie inside a longer one.
"""

PICTURE = f"""### The picture and the truth

A resident is served if the routed walk is short enough. The area on the map is a picture of that. Homes are estimated
from buildings ({M2_PER_PERSON:.0f} m² of floor for a person, {LEVELS:.0f} storeys where none are stated), facilities
are all libraries of the extract, the walker is an adult ({ADULT_KMH} km/h on the flat). Asked is where a point inside
the home lies.
"""

PICTURE_MEANS = """The two never agree wholly, and need not. Large blocks have their middle farther from the street than
the band is wide: near, but not painted. A home beside the very end of a reachable street has a leg of its own to
walk, which the band does not know: painted, but too far. A wider band trades one for the other. Therefore no rate of
ours comes from a point-in-area test, and every result states this share for its own study.
"""

VALHALLA = f"""## 2. Against Valhalla

Valhalla 3.9.1 walked the same extracts of OpenStreetMap at {SPEED_KMH} km/h (costing `pedestrian`, everything else as
it comes). Pairs are {SHORTEST_M} to {LONGEST_M:,} m by its own measure. {RIM_NOTE}

Some things differ by design:

- Legs. We charge the way between a place and its street, Valhalla does not. Lengths are compared without legs,
  minutes with them, the class (up to 15 minutes or not) both ways.
- Squares. We walk the rims of squares and other pedestrian areas; Valhalla has none of them and goes round.
- Tunnels. No door opens into a tunnel: we tie a place to the nearest street above ground. Valhalla also ties homes to
  underground car parks and delivery tunnels below them, and then walks up their ramps.
"""

FIGURES = """### Figures

Ratios are ours over Valhalla's. "As we walk" is the program as it is. Then the rims of squares are closed, then
places may be tied to tunnels. Last, streets are closed to us that Valhalla does not have or does not let walkers onto
(it was asked for each of them; see below), so that the two walk the same streets.
"""

GOALS = """The goals are a median length within 2 %, p5 and p95 within 10 %, and 97 % of the pairs in the same class. A
street that only one of the two has says nothing about how either walks, nor does a leg that only one of them charges:
the last setting is the one to judge by, its classes without legs.
"""

SPREAD = """### Spread of the ratio of lengths

With squares closed and tunnels tied (the third setting).
"""


def causes(alike: float, far: float) -> str:
    """Return how causes are found."""
    return f"""### Why pairs lie apart

Every pair that is more than {far:.0%} apart as we walk, or for which we find no way, was walked again. Valhalla and
we were made alike in one respect after another, and in all combinations of them. The fewest respects that bring both
lengths within {alike:.0%} of each other are the cause. Where two are equally few, the one that stands first here is
taken:

- **door into a tunnel**: places may be tied to streets below the ground.
- **square**: the rims of squares are closed to us.
- **street that Valhalla lacks**: streets are closed to us that Valhalla does not have or does not let walkers onto.
  It was asked for each of them. It drops a street of which the extract lacks a node, all of it; we walk the part that
  is there. It has no platforms and no `highway=trail`, and no walkers on cycleways that say nothing of walkers.
- **private way, gate or ramp**: ways and gates closed to the public, and ramps of express roads, are open to us, too.
  Valhalla lets a walk start and end on private ways, and walks ramps.
- **tied to another street**: our places are put where Valhalla's route starts and ends.
- **Valhalla's taste**: Valhalla's shortest way instead of the one it likes. As it comes it avoids stairs, alleys,
  service roads and turns, and takes detours for that.
"""


ALL_ALIKE = """And when the two are alike in all six respects, this is the ratio of lengths over all pairs, the near and
the far ones:
"""


def lost(area: str, pairs: int, places: int) -> str:
    """Return the head of the list of places without a way."""
    return f"""### {area}: no way

For {pairs} pairs we find no way and Valhalla does; one for each of the {places} destinations is told. These homes are
reported as cut off, with the reason, and never counted as served.
"""


def worst(area: str) -> str:
    """Return the head of the list of the worst pairs as we walk."""
    return f"""### {area}: the worst twenty as we walk
"""


def worst_alike(area: str) -> str:
    """Return the head of the list of the worst pairs on the same streets."""
    return f"""### {area}: the worst twenty on the same streets

Here squares are closed to us and places may be tied to tunnels; the cause is what else differs.
"""


MODEL = f"""## 3. What the model says and does not say

**Slopes.** Tobler's function gives the speed on a gradient g as 6 exp(-3.5 |g + 0.05|) km/h, which is 5.04 km/h on
the flat. We divide it by that value, so that it tells how much slower or faster than on the flat one walks, and
multiply it by the speed of the profile. A gentle descent of 5 % is fastest: {FASTEST_SLOPE:.2f} times the flat.
Gradients are taken every 20 to 30 m along a street; tagged inclines and stairs go before the raster, bridges and
tunnels do not follow the ground.

**Not modelled.** Opening hours of passages, parks and stations. Waiting for lifts. Crowds, snow, darkness, surface.
Ways straight across a square or a lawn: one walks along the rim, at most. Ways inside buildings that nobody mapped.
The side of the street: a road is a line, and crossing it costs nothing unless the profile waits at crossings. Ferries
and buses. Streets beyond the edge of the data: residents near it are counted in a note.

**What Valhalla cannot tell.** Both programs read the same map. Where the map is wrong, both are wrong together.
"""
