"""What the page of scale says in words."""

from __future__ import annotations

INTRO = """\
Written by `python -m tests.benchmarks.scale --out docs/scale.md`. A metropolis is drawn: one component of crooked
blocks on hills, residents around centres and between them, communities of 5 x 5 km. It goes from points to tied tables,
coverage, rates, gaps and 50 new rooms with a bound that is checked again. Residents walk {cutoff:.0f} minutes to the
facility at {speed} km/h on the flat, slower or faster on slopes; land and all tables grow with the number of junctions.
Every size runs in a process of its own; kernels are loaded before the clock starts."""

STAGES = {
    "draw": "the generator, no part of the product: streets, points, communities",
    "snap": "`snap` of demand, facilities and candidates",
    "coverage": "`measure_coverage`: nearest facility of everybody, however far, and all within the cutoff",
    "rates": "`coverage_rates`, of the whole and of every community",
    "gaps": "`find_gaps`, with the outline of every gap",
    "pairs": "`build_problem`: all walks between candidates and those not served today",
    "siting": "`solve_mclp`, 50 rooms, proven to 1 %",
    "check": "`verify`: objective and bound again, from the problem alone",
}

TILES = """\
`measure_coverage_tiled`, `find_walks_tiled` and `time_matrix_tiled` cut one area into tiles of equally many junctions,
search each by itself, and put the results together. Who searches is passed in: nobody (this process, one tile after the
other), an executor of `concurrent.futures`, or a client of Dask.

```python
from concurrent.futures import ThreadPoolExecutor

import walkshed as ws
from walkshed.assess.walks import Walks

config = ws.StudyConfig.from_toml("data/sample-district")
inputs = ws.load_study(config)
now = ws.assess_study(config, inputs)
homes, rooms = now.demand, now.facilities[now.facilities.status == "open"]
sites = ws.make_candidates(now.network, inputs.boundary, spacing_m=400)
with ThreadPoolExecutor(2) as workers:  # or ProcessPoolExecutor(8), or distributed.Client("tcp://scheduler:8786")
    measured = ws.measure_coverage_tiled(now.network, rooms, homes, cutoff_min=15, tiles=9, executor=workers)
    times = ws.time_matrix_tiled(now.network, sites, measured, cutoff_min=15, tiles=9, executor=workers)
problem = ws.build_problem(now.network, sites, measured, cutoff_min=15, walks=Walks(times, 15))
```

Below, coverage and all walks between candidates and demand, with the time for cutting, sending and joining (wall
seconds, so other work on the machine counts). *Extra junctions* are those held by more than one tile; *searched again*
counts tiles that learned of a nearer facility at their rim; *worker* is the peak memory of a worker. On one machine the
whole is quicker, as long as it fits: tiles are for what does not fit, and for many machines."""

EXACT = """\
Every column of the coverage table and every stored entry of the matrix of walks is the same, bit for bit, for any
number of tiles and workers. Tests assert it on small towns with slopes, one-way and closed streets, islands, ferries
and entrances, on a real city, in threads, with every task and result sent as bytes, and by a scheduler of Dask; the
table above with workers in processes of their own. Three arguments carry it:

- **The margin.** A walk goes from junction to junction. With `v` the fastest street near by (metres as the crow flies
  between its ends over its minutes, in the faster direction: downhill, or a moving walkway), no junction of a walk of
  `t` minutes is farther than `v * t` from where it starts. A tile holds all junctions within that of its own and of the
  ends of its residents' streets, and every street with at least one such junction, so it holds all streets of all walks
  within the cutoff. `v` is looked for in the tile and its margin, which grows until no faster street is found: one
  ferry far away widens no margin but its own.
- **The nearest beyond the cutoff.** Every tile tells the minutes from its own junctions to the nearest facility that it
  knows of. A tile to whose rim another knows a shorter way is searched again, until there is none. What is found is
  never less than the truth, and a tile holds all streets at its own junctions: follow the best walk backwards, and it
  either stays in the tile or enters at a rim junction, which is another tile's own and for which the same holds with
  fewer streets. So everybody's minutes and facility are right however far it is, and "cannot be reached" is the same.
- **Arithmetic.** Minutes of a street, a part of one or a leg are multiples of 2^-30 minute, so their sums are exact:
  neither the order of adding nor the end a search begins at matters. Of facilities equally near the one that stands
  first in its table is named, in every tile and over all rims. Minutes are rounded once, at the end."""

NOT_EXACT = """\
- Figures that need all of the area at once are computed from the joined tables, not tile by tile: rates, gaps and the
  siting model itself. They are the same because the tables are.
- Isochrone polygons are pictures on a grid whose corner belongs to the area drawn: drawn tile by tile they may differ
  by a cell at seams. Draw them from the whole network, or for single facilities.
- Components are numbered by their length within the network at hand. A tile cuts some in two, so ties to streets
  (`snap`, which moves points off fragments) are made on the whole network before it is cut.
- Where the network itself is cut out of a larger one, as in any study, walks through what was left out are missing:
  this is the margin of the study, and tiles neither mend nor worsen it."""

PLAN = """\
What one machine holds is bound by the tables and by the outlines of gaps, not by the search: the table of memory says
how much. Beyond it, in this order:

1. **More areas**: districts that are planned apart are studies of their own, `walkshed batch`, hundreds on a cluster.
2. **Searches on a cluster, tables here**: as above, with a Dask client. At most 32 tiles are under way at once, so this
   process holds the network, the tables and 32 tiles; a worker holds one tile a thread. Labels at junctions (16 bytes
   each) and pairs (16 bytes each) come back, and tiles whose rim changed are sent again.
3. **Nothing whole anywhere**: a tile needs nothing but the streets inside its margin, so it can be read from an extract
   of that box rather than cut from a network in memory. What crosses tiles is only the labels of rim junctions, and for
   rates the sums of numerators and denominators. Siting stays one model: its pairs can be made tile by tile, and merged
   demand (rows reached by the same candidates) is what the solver sees. This third step is a plan; nothing here does it
   yet."""
