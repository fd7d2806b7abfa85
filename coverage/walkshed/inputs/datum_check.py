"""Is a layer in the datum it is said to be in? GCJ-02 read as WGS-84 is 300-700 m off, BD-09 more than a kilometre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from walkshed.catalogue import has
from walkshed.catalogue import text as catalogue_text
from walkshed.coordinates import CHINA_BOX, metric_crs
from walkshed.errors import Message
from walkshed.inputs.datum_evidence import (
    FAMILIES,
    as_if,
    datum_evidence,
    distances_to,
    family_of,
    independent_weights,
)
from walkshed.inputs.datum_positions import MOST, SHIFT_M, positions_of, shapes_of
from walkshed.inputs.shapes import is_blank_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from walkshed.inputs.datum_evidence import DatumEvidence, HasStreets, Ruler

    FloatArray = NDArray[np.float64]
    Pair = tuple[FloatArray, FloatArray]

LEAST: Final = 10
"""Fewer positions tell nothing; of outlines, fewer independent pieces."""
SURE: Final = 0.95
"""A datum is named where this much of the probability is its ..."""
SURE_BY_STREETS: Final = 0.99
"""... or this much, where only streets are known: how near to them places stand differs from town to town."""
SHIFTS: Final = 60
PRIOR: Final = 10.0
"""So many positions of the ruler are mixed into those of chance, so that no class is empty."""


class DatumScore(NamedTuple):
    """How well a layer fits under one datum.

    Attributes
    ----------
    datum
        One of :data:`walkshed.inputs.datum_evidence.FAMILIES`.
    log_likelihood
        Logarithm of how much likelier the distances are than by chance.
    probability
        0..1, among the datums and chance, all equally likely beforehand.
    fit
        For the reader: overlap with the reference (intersection over union), share of places in or within 5 m of a
        building, share within 60 m of a street, or share of the outline that keeps off buildings.
    """

    datum: str
    log_likelihood: float
    probability: float
    fit: float


@dataclass(frozen=True)
class DatumNote(Message):
    """A finding in words; the layer is called by its name in the language."""

    def text(self, language: str = "en") -> str:
        """Return the text in ``language``."""
        words = dict(self.fields)
        for field, prefix in (("layer", "report.layer_"), ("measure", "notes.datum_measure_")):
            key = f"{prefix}{words.get(field, '')}"
            words[field] = catalogue_text(key, language) if has(key) else words.get(field, "")
        return catalogue_text(self.key, language, **words)


@dataclass(frozen=True, kw_only=True)
class DatumFinding:
    """What can be said about the datum of a layer.

    Attributes
    ----------
    layer
        Its name.
    declared
        What it is said to be in.
    best
        The datum it fits, ``declared`` where that is the same for us; ``""`` where the data cannot tell.
    scores
        One per datum; empty where nothing could be compared.
    confidence
        Probability of the likeliest datum, 0..1; 0 where nothing could be compared.
    count
        Positions, or independent pieces of outline, that were compared.
    note
        The same in words.
    """

    layer: str
    declared: str
    best: str
    scores: tuple[DatumScore, ...]
    confidence: float
    count: int
    note: Message

    @property
    def suspicious(self) -> bool:
        """Whether the layer fits another datum than it is said to be in."""
        return bool(self.best) and family_of(self.best) != family_of(self.declared)


def datum_findings(
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    declared: Mapping[str, str],
    network: HasStreets | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    reference: gpd.GeoDataFrame | None = None,
) -> list[DatumFinding]:
    """Check every layer that came from a file.

    Parameters
    ----------
    layers
        Name (``facilities``, ``demand``, ``units``, ``candidates``, ``boundary``) -> rows as read, EPSG:4326. Leave out
        what came from OpenStreetMap, and what the evidence was made of.
    declared
        Name -> datum the layer was read in; ``"wgs84"`` where a name is missing.
    network, buildings, reference
        See :func:`walkshed.inputs.datum_evidence.datum_evidence`.

    Returns
    -------
    list of DatumFinding
        One per layer that has geometry at all, in their order.
    """
    filled = {name: table for name, table in layers.items() if not is_blank_shape(shapes_of(table)).all()}
    if not filled:
        return []
    crs = network.crs if network is not None else metric_crs(shapely.box(*next(iter(filled.values())).total_bounds))
    evidence = datum_evidence(crs=crs, network=network, buildings=buildings, reference=reference)
    return [check_datum(table, evidence, declared.get(name, "wgs84"), name=name) for name, table in filled.items()]


def check_datum(
    layer: gpd.GeoDataFrame, evidence: DatumEvidence, declared: str = "wgs84", *, name: str = "", seed: int = 0
) -> DatumFinding:
    """Find out in which datum a layer fits best.

    Points and houses should stand in or beside buildings and beside streets; outlines of larger areas should run along
    those of the reference, where there is one that is the same area, else between the buildings.

    Parameters
    ----------
    layer
        Points or areas, EPSG:4326, as read in ``declared``.
    evidence
        See :func:`walkshed.inputs.datum_evidence.datum_evidence`.
    declared
        Datum the layer was read in.
    name
        What messages call the layer.
    seed
        For the random shifts and, of very many positions, the draw.

    Returns
    -------
    DatumFinding
        A datum is named if at least 10 positions were compared and its likelihood is 95 % or more of the sum over
        WGS-84, GCJ-02, BD-09 and chance (no datum at all: positions that are nowhere in particular), 99 % where streets
        are all there is to hold places against. Neighbours within 20 m count as one. A position outside the streets and
        buildings that are known speaks neither for nor against.
    """
    rng = np.random.default_rng(seed)
    family = family_of(declared)
    chosen = positions_of(layer, evidence, family, rng)
    if chosen is None:
        return _silent(name, declared, "datum_no_evidence", 0)
    x, y = evidence.project(chosen.lon, chosen.lat)
    weight = independent_weights(x, y, chosen.spacing_m)
    # Of outlines the pieces count, of places the places.
    count = len(x) if chosen.measure in ("building", "street") else int(weight.sum() + 0.5)
    if count < LEAST:
        return _silent(name, declared, "datum_few", count)
    west, south, east, north = CHINA_BOX
    if not ((chosen.lon >= west) & (chosen.lon <= east) & (chosen.lat >= south) & (chosen.lat <= north)).any():
        return _silent(name, declared, "datum_outside", count)
    chance = _shifted(x, y, chosen.extent, rng)
    gains = [_gains(tree, ruler, chance) for tree, ruler in chosen.held]
    placed = {
        datum: evidence.project(*as_if(chosen.lon, chosen.lat, declared=family, family=datum)) for datum in FAMILIES
    }
    totals = np.zeros(len(FAMILIES))
    fits = dict(chosen.overlaps)
    for place, (datum, (east_m, north_m)) in enumerate(placed.items()):
        inside = shapely.contains_xy(chosen.extent, east_m, north_m)
        for (tree, ruler), gain in zip(chosen.held, gains, strict=True):
            distance = distances_to(tree, east_m[inside], north_m[inside])
            totals[place] += float(gain[np.digitize(distance, ruler.edges_m)] @ weight[inside])
        if datum not in fits:
            fits[datum] = _fit(chosen.held[0], chosen.measure, east_m, north_m)
    odds = np.exp(np.append(totals, 0.0) - max(totals.max(), 0.0))
    probability = odds / odds.sum()
    scores = tuple(
        DatumScore(datum, float(total), float(part), fits[datum])
        for datum, total, part in zip(FAMILIES, totals, probability, strict=False)
    )
    return _judged(name, declared, scores, count, chosen.measure)


def _judged(name: str, declared: str, scores: tuple[DatumScore, ...], count: int, measure: str) -> DatumFinding:
    likeliest = max(scores, key=lambda score: score.probability)
    own = next(score for score in scores if score.datum == family_of(declared))
    fields: dict[str, object] = {
        "layer": name,
        "declared": declared,
        "best": likeliest.datum,
        "count": count,
        "measure": measure,
        "fit": likeliest.fit,
        "own_fit": own.fit,
        # 100.0 % would be a promise.
        "confidence": min(likeliest.probability, 0.999),
    }
    if likeliest.probability < (SURE_BY_STREETS if measure == "street" else SURE):
        best, key = "", "datum_unclear"
    elif likeliest is own:
        best, key = declared, "datum_fits"
    else:
        best, key = likeliest.datum, "datum_other"
    return DatumFinding(
        layer=name,
        declared=declared,
        best=best,
        scores=scores,
        confidence=likeliest.probability,
        count=count,
        note=DatumNote(f"notes.{key}", fields),
    )


def _silent(name: str, declared: str, key: str, count: int) -> DatumFinding:
    fields = {"layer": name, "declared": declared, "count": count, "least": LEAST}
    note = DatumNote(f"notes.{key}", fields)
    return DatumFinding(layer=name, declared=declared, best="", scores=(), confidence=0.0, count=count, note=note)


def _shifted(x: FloatArray, y: FloatArray, extent: shapely.Geometry, rng: np.random.Generator) -> Pair:
    """Return the positions moved about at random, those that stay in the extent."""
    some = rng.permutation(len(x))[:MOST]
    length = rng.uniform(*SHIFT_M, (SHIFTS, 1))
    angle = rng.uniform(0.0, 2.0 * np.pi, (SHIFTS, 1))
    east = (x[some] + length * np.cos(angle)).ravel()
    north = (y[some] + length * np.sin(angle)).ravel()
    west_m, south_m, east_m, north_m = shapely.bounds(extent).tolist()
    # Wherever the layer lies as declared, what chance does is asked where the evidence is.
    east = np.append(east, rng.uniform(west_m, east_m, LEAST * SHIFTS))
    north = np.append(north, rng.uniform(south_m, north_m, LEAST * SHIFTS))
    inside = shapely.contains_xy(extent, east, north)
    kept = rng.permutation(np.flatnonzero(inside))[: 3 * MOST]
    return east[kept], north[kept]


def _gains(tree: shapely.STRtree, ruler: Ruler, chance: Pair) -> FloatArray:
    """Return what a position in every class of distance adds to the logarithm of the likelihood."""
    seen = np.bincount(np.digitize(distances_to(tree, *chance), ruler.edges_m), minlength=len(ruler.share))
    mixed = seen + PRIOR * ruler.share
    gain: FloatArray = np.log(ruler.share / (mixed / mixed.sum()))
    return gain


def _fit(held: tuple[shapely.STRtree, Ruler], measure: str, x: FloatArray, y: FloatArray) -> float:
    distance = distances_to(held[0], x, y)
    if measure == "outline":
        return float((distance > 0.0).mean())
    limit = {"building": 5.0, "street": 60.0}[measure]
    return float((distance <= limit).mean())
