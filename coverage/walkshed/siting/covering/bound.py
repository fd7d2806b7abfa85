"""How good any answer can be: the linear relaxation's dual, solved by restarted primal-dual steps.

For multipliers 0 <= l <= w the best answer with p rooms serves at most sum(w - l) + the p largest of (A l) residents
(Lagrangian relaxation of maximal covering, Galvão and ReVelle 1996): every l gives a valid bound, a good one a tight
bound. The steps are the primal-dual hybrid gradient with restarts to the average (Applegate et al. 2021), with longer
steps for the multipliers of larger groups (Pock and Chambolle 2011). In large models the steps are soon made in the
part that matters, the candidates whose multipliers add up to nearly as much as those of the weakest one counted; the
bound is always that of the whole model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from walkshed.siting.covering.reduce import restrict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from walkshed.siting.covering.reduce import CoveringModel, Restriction

    FloatArray = NDArray[np.float64]
    LongArray = NDArray[np.int64]

NORM_STEPS: Final = 12
NORM_MARGIN: Final = 1.02
"""The norm comes from a few power steps, which end a little below it."""
RESTART_FACTOR: Final = 0.5
RESTART_SHARE: Final = 0.36
STEP_POWER: Final = 0.5
"""Multipliers step in proportion to this power of their group's weight."""
PROJECTION_ROUNDS: Final = 60
PROJECTION_PRECISION: Final = 1e-6
SIFT_ENTRIES: Final = 100_000
"""Steps in a model with fewer entries are made in the whole of it."""
SIFT_LOSS: Final = 1e-5
"""What is left aside may weaken the bound by this share, or as much as the relaxation is open."""
SIFTS: Final = ((120, 0.85), (280, 0.93), (480, 0.96))
"""After so many steps, candidates below this share of the weakest one counted are left aside."""


def multiplier_bound(model: CoveringModel, multiplier: FloatArray, rooms: int) -> float:
    """Return the bound that ``multiplier`` (n,), between 0 and the weights, proves for ``rooms`` rooms."""
    return model.base + float((model.weight - multiplier).sum()) + _largest(model.covers @ multiplier, rooms)


def candidate_bounds(model: CoveringModel, multiplier: FloatArray, rooms: int) -> FloatArray:
    """Return for every candidate (m,) what no choice of ``rooms`` rooms that includes it can exceed.

    It is :func:`multiplier_bound` with the candidate forced among the largest.
    """
    score = model.covers @ multiplier
    bound = model.base + float((model.weight - multiplier).sum()) + _largest(score, rooms)
    if rooms >= len(score):
        return np.full(len(score), bound, np.float64)
    weakest = np.partition(score, len(score) - rooms)[len(score) - rooms]
    ceiling: FloatArray = bound - np.maximum(weakest - score, 0.0)
    return ceiling


class Relaxation:
    """The linear relaxation of a model, being solved step by step.

    Parameters
    ----------
    model
        m candidates, n groups.
    rooms
        1..m.
    chosen
        A good choice to start from, positions in the model.

    Attributes
    ----------
    bound
        No choice of ``rooms`` rooms serves more residents of the model than this.
    multiplier : (n,) float64
        The proof: see :func:`multiplier_bound`.
    """

    def __init__(self, model: CoveringModel, rooms: int, chosen: LongArray) -> None:
        self.whole, self.most_rooms = model, rooms
        self.part: Restriction | None = None
        self.aside = np.zeros(0)
        self.sifts = list(SIFTS) if model.covers.nnz >= SIFT_ENTRIES else []
        primal = np.zeros(len(model.candidate))
        primal[chosen] = 1.0
        weight = model.weight
        dual = 0.5 * np.minimum(weight, weight / np.maximum(1.0, model.covered_by @ primal))
        self.balance = float(np.sqrt(rooms) / max(_length(dual), 1e-12))
        self.bound, self.multiplier = model.base + float(weight.sum()), np.zeros_like(weight)
        self.taken = 0
        self._open(model, rooms, primal, dual)

    def _open(self, model: CoveringModel, rooms: int, primal: FloatArray, dual: FloatArray) -> None:
        """Take up the steps in a model."""
        self.model, self.rooms = model, min(rooms, len(model.candidate))
        self.part_bound = np.inf
        scale = (model.weight / model.weight.mean()) ** STEP_POWER
        self.norm = _operator_norm(model, scale)
        self.scale = scale.astype(np.float32)
        self.weight = model.weight.astype(np.float32)
        self.shift = 0.0
        self.last_gap = np.inf
        self._restart(primal, dual)

    def _restart(self, primal: FloatArray, dual: FloatArray) -> None:
        primal, dual = primal.astype(np.float32), dual.astype(np.float32)
        self.primal, self.dual = primal, dual
        self.first_primal, self.first_dual = primal, dual
        self.slope = self.model.covers @ dual
        self.sum_primal, self.sum_dual, self.since = np.zeros_like(primal), np.zeros_like(dual), 0

    def advance(self, steps: int) -> None:
        """Make so many steps."""
        model, weight = self.model, self.weight
        primal, dual, slope = self.primal, self.dual, self.slope
        climb = np.float32(self.balance / self.norm)
        fall = self.scale / np.float32(self.balance * self.norm)
        for _ in range(steps):
            moved, self.shift = _project(primal + climb * slope, self.rooms, self.shift)
            excess = model.covered_by @ (2.0 * moved - primal)
            excess -= 1.0
            excess *= fall
            primal = moved
            dual = dual - excess
            np.maximum(dual, 0.0, out=dual)
            np.minimum(dual, weight, out=dual)
            slope = model.covers @ dual
            self.sum_primal += primal
            self.sum_dual += dual
        self.primal, self.dual, self.slope = primal, dual, slope
        self.since += steps
        self.taken += steps

    def look(self) -> float:
        """Evaluate where the steps have led, restart them where that helps, and return how far the relaxation is open.

        A look costs as much as five steps.
        """
        model = self.model
        now, mean = (self.primal, self.dual), (self.sum_primal / self.since, self.sum_dual / self.since)
        gaps, best = [], None
        for primal, narrow in (now, mean):
            # Steps are made in single precision, proofs are not; rounding may exceed a weight, a proof may not.
            dual = np.minimum(narrow.astype(np.float64), model.weight)
            bound = multiplier_bound(model, dual, self.rooms)
            if bound < self.part_bound:
                self.part_bound, best = bound, dual
            served = float((model.weight * np.minimum(1.0, model.covered_by @ primal)).sum())
            gaps.append(bound - model.base - served)
        if best is not None:
            self._state(self.part_bound, best)
        if gaps[1] < RESTART_FACTOR * self.last_gap or self.since >= RESTART_SHARE * self.taken:
            primal, dual = mean if gaps[1] < gaps[0] else now
            moved_primal = _length(primal - self.first_primal)
            moved_dual = _length((dual - self.first_dual) / np.sqrt(self.scale))
            if moved_primal > 0 and moved_dual > 0:
                self.balance = float(np.sqrt(self.balance * moved_primal / moved_dual))
            self.last_gap = min(gaps)
            self._restart(primal, dual)
        self._sift(min(gaps))
        return min(gaps)

    def _state(self, bound: float, dual: FloatArray) -> None:
        """Take multipliers of the part for the whole model if they prove more there."""
        if self.part is not None:
            dual = self._spread(dual)
            bound = multiplier_bound(self.whole, dual, self.most_rooms)
        if bound < self.bound:
            self.bound, self.multiplier = bound, dual

    def _spread(self, dual: FloatArray) -> FloatArray:
        """Return multipliers of the part for all groups: by weight, and as they were where the part reaches nobody."""
        if self.part is None:
            return dual
        group, weight = self.part.group, self.whole.weight
        live = group >= 0
        spread = self.aside.copy()
        spread[live] = np.minimum((dual / self.model.weight)[group[live]] * weight[live], weight[live])
        return spread

    def _sift(self, open_: float) -> None:
        """Go on in the part of the model that matters; in the whole of it once what is left aside weakens the bound."""
        if self.part is not None and self.bound - self.part_bound > max(open_, SIFT_LOSS * self.bound):
            self.sifts = []
            self._go(None)
        share = 0.0
        while self.sifts and self.taken >= self.sifts[0][0]:
            share = self.sifts.pop(0)[1]
        if share and self.most_rooms < len(self.whole.candidate):
            score = self.whole.covers @ self.multiplier
            useful = score >= share * _largest_of(score, self.most_rooms)
            useful[self.likely()] = True
            self._go(restrict(self.whole, np.flatnonzero(useful)))

    def _go(self, part: Restriction | None) -> None:
        """Take up the steps in another part of the whole model."""
        primal, dual = self._whole_primal(self.primal), self._spread(self.dual.astype(np.float64))
        self.part, self.aside = part, self.multiplier
        if part is None:
            self._open(self.whole, self.most_rooms, primal, dual)
        else:
            self._open(part.model, self.most_rooms, primal[part.kept], _merged(part, dual))

    def _whole_primal(self, primal: FloatArray) -> FloatArray:
        """Return how much of every candidate of the whole model is built."""
        if self.part is None:
            return primal
        spread = np.zeros(len(self.whole.candidate), primal.dtype)
        spread[self.part.kept] = primal
        return spread

    def likely(self) -> LongArray:
        """Return the candidates that the relaxation builds most of, as many as there are rooms, ascending."""
        share = self._whole_primal(self.sum_primal / self.since if self.since else self.primal)
        return np.sort(np.argsort(-share, kind="stable")[: self.most_rooms])

    def narrow(self, restriction: Restriction) -> None:
        """Go on in a restricted model; ``bound`` and ``multiplier`` are of that model from now on."""
        primal, dual = self._whole_primal(self.primal), self._spread(self.dual.astype(np.float64))
        self.whole, self.part = restriction.model, None
        self.most_rooms = min(self.most_rooms, len(self.whole.candidate))
        self.multiplier = _merged(restriction, self.multiplier)
        self.bound = multiplier_bound(self.whole, self.multiplier, self.most_rooms)
        self.sifts = list(SIFTS) if self.whole.covers.nnz >= SIFT_ENTRIES else []
        self._open(self.whole, self.most_rooms, primal[restriction.kept], _merged(restriction, dual))


def _merged(restriction: Restriction, values: FloatArray) -> FloatArray:
    """Return multipliers of a restricted model's groups."""
    group, weight = restriction.group, restriction.model.weight
    live = group >= 0
    return np.minimum(np.bincount(group[live], values[live], minlength=len(weight)).astype(np.float64), weight)


def _length(vector: FloatArray) -> float:
    """Return the Euclidean norm; unlike numpy's own it does not depend on the number of the machine's threads."""
    return float(np.sqrt(np.square(vector, dtype=np.float64).sum()))


def _largest_of(values: FloatArray, count: int) -> float:
    """Return the smallest of the ``count`` largest values, of more than so many."""
    return float(np.partition(values, len(values) - count)[len(values) - count])


def _largest(values: FloatArray, count: int) -> float:
    if count >= len(values):
        return float(values.sum())
    return float(np.partition(values, len(values) - count)[len(values) - count :].sum())


def _operator_norm(model: CoveringModel, scale: FloatArray) -> float:
    """Return the spectral norm of the covering matrix whose groups are scaled by the roots of ``scale``.

    By power iteration from a fixed start.
    """
    vector = np.full(len(model.candidate), 1.0 / np.sqrt(len(model.candidate)), np.float32)
    wide = scale.astype(np.float32)
    norm = 1.0
    for _ in range(NORM_STEPS):
        vector = model.covers @ (wide * (model.covered_by @ vector))
        norm = _length(vector)
        vector /= norm
    return NORM_MARGIN * float(np.sqrt(norm))


def _project(values: FloatArray, rooms: int, shift: float = 0.0) -> tuple[FloatArray, float]:
    """Return the nearest point with entries in 0..1 and a sum of at most ``rooms``, and how far entries were shifted.

    Newton steps on the shift, kept between brackets, from ``shift``.
    """
    nearest = np.minimum(np.maximum(values, 0.0), 1.0)
    if float(nearest.sum(dtype=np.float64)) <= rooms:
        return nearest, 0.0
    low, high = 0.0, float(values.max())
    shift = shift if low < shift < high else 0.5 * high
    for _ in range(PROJECTION_ROUNDS):
        nearest = values - values.dtype.type(shift)
        np.maximum(nearest, 0.0, out=nearest)
        np.minimum(nearest, 1.0, out=nearest)
        surplus = float(nearest.sum(dtype=np.float64)) - rooms
        if abs(surplus) <= PROJECTION_PRECISION * rooms:
            break
        low, high = (shift, high) if surplus > 0 else (low, shift)
        inside = np.count_nonzero((nearest > 0.0) & (nearest < 1.0))
        shift = shift + surplus / inside if inside else low
        if not low < shift < high:
            shift = 0.5 * (low + high)
    return nearest, shift
