"""How a group of residents walks: from speed, slopes, stairs and crossings to minutes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from walkshed.errors import InputError
from walkshed.network.model import METERS_PER_MINUTE_PER_KMH
from walkshed.network.slope import edge_gradients, slope_factors
from walkshed.network.traits import traits_of

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray, WalkNetwork
    from walkshed.network.slope import Elevation, Gradients
    from walkshed.network.traits import EdgeTraits

ROUNDING = 1e-9
"""A street of exactly the steepest gradient allowed stays open."""


def _number(default: float, low: float, high: float) -> Any:  # noqa: ANN401 - dataclasses.field is typed the same way
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True, kw_only=True)
class WalkingRules:
    """How a group of residents walks.

    Attributes
    ----------
    speed_kmh
        Speed on the flat, which is also that of the legs between a place and its street.
    slopes
        Slopes change the speed; see :func:`walkshed.network.slope.tobler_factor`.
    stairs
        Stairs can be walked. Where not, they are closed both ways.
    stairs_up_factor, stairs_down_factor
        Speed along stairs, measured on the map, as a multiple of that on the flat. Where it is unknown which end is the
        upper one, the mean time of the two holds both ways. The defaults are 0.61 m/s and 0.69 m/s against 1.34 m/s: U.
        Weidmann, "Transporttechnik der Fussgänger" (1993).
    crossing_delay_s, signal_delay_s
        Wait at a road crossing without and with signals, seconds.
    max_gradient_percent
        Streets with a steeper stretch are closed both ways; 100 closes none. A coarse raster overstates gradients where
        streets run along a slope: with cells of 30 m expect it to close too much.
    """

    speed_kmh: float = _number(4.2, 0.5, 8.0)
    slopes: bool = True
    stairs: bool = True
    stairs_up_factor: float = _number(0.46, 0.05, 1.0)
    stairs_down_factor: float = _number(0.52, 0.05, 1.0)
    crossing_delay_s: float = _number(0.0, 0.0, 300.0)
    signal_delay_s: float = _number(0.0, 0.0, 300.0)
    max_gradient_percent: float = _number(100.0, 1.0, 100.0)

    def __post_init__(self) -> None:
        """Check every number against its limits.

        Raises
        ------
        InputError
        """
        for item in fields(self):
            if "low" in item.metadata:
                value, low, high = getattr(self, item.name), item.metadata["low"], item.metadata["high"]
                if not (math.isfinite(value) and low <= value <= high):
                    raise InputError("walking_rule", rule=item.name, value=value, low=low, high=high)


def weigh(
    network: WalkNetwork,
    rules: WalkingRules,
    elevation: Elevation | None = None,
    *,
    traits: EdgeTraits | None = None,
) -> WalkNetwork:
    """Return the network with the minutes of a walker.

    Parameters
    ----------
    network
        As it was built or edited; not changed. What is closed in it stays closed, so that a network weighed for one
        walker is no start for another.
    rules
        The walker.
    elevation
        Heights from :func:`walkshed.network.slope.sample_elevation` of this network; without, only tagged inclines
        count.
    traits
        What is tagged about the edges; by default what the network keeps.

    Returns
    -------
    WalkNetwork
        The same streets with other minutes and speed.

    Raises
    ------
    InputError
        If the heights belong to another network.
    """
    traits = traits or traits_of(network)
    gradients = edge_gradients(network, elevation, traits)
    flat = network.length_m / (rules.speed_kmh * METERS_PER_MINUTE_PER_KMH)
    factors = slope_factors(gradients) if rules.slopes else (np.ones(len(flat)), np.ones(len(flat)))
    wait = (traits.crossings * rules.crossing_delay_s + traits.signals * rules.signal_delay_s) / 60.0
    closed = gradients.steepest() > rules.max_gradient_percent / 100.0 + ROUNDING
    if not rules.stairs:
        closed |= network.steps
    forward, backward = (
        np.where(closed | np.isinf(before), np.inf, flat * np.where(network.steps, stairs, slope) + wait)
        for before, stairs, slope in zip(
            (network.forward_min, network.backward_min), _stairs_factors(rules, gradients, traits), factors, strict=True
        )
    )
    return replace(network, forward_min=forward, backward_min=backward, speed_kmh=float(rules.speed_kmh))


def _stairs_factors(rules: WalkingRules, gradients: Gradients, traits: EdgeTraits) -> tuple[FloatArray, FloatArray]:
    """Return by how much stairs prolong the walk from ``u`` to ``v`` and back; of edges without stairs, too."""
    up, down = 1.0 / rules.stairs_up_factor, 1.0 / rules.stairs_down_factor
    tagged = np.sign(np.nan_to_num(traits.incline))
    rise = np.where(tagged != 0, tagged, np.sign(gradients.overall()))
    either = (up + down) / 2.0
    forward, backward = (np.select([sign * rise > 0, sign * rise < 0], [up, down], either) for sign in (1.0, -1.0))
    return forward, backward
