"""How a group of residents walks: from speed, slopes, stairs and crossings to minutes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from walkshed.network.model import METERS_PER_MINUTE_PER_KMH
from walkshed.network.slope import edge_gradients, slope_factors
from walkshed.network.traits import traits_of

if TYPE_CHECKING:
    from walkshed.network.model import FloatArray, WalkNetwork
    from walkshed.network.slope import Elevation, Gradients
    from walkshed.network.traits import EdgeTraits
    from walkshed.walkers import Profile

ROUNDING = 1e-9
"""A street of exactly the steepest gradient allowed stays open."""


def weigh(
    network: WalkNetwork,
    rules: Profile,
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


def _stairs_factors(rules: Profile, gradients: Gradients, traits: EdgeTraits) -> tuple[FloatArray, FloatArray]:
    """Return by how much stairs prolong the walk from ``u`` to ``v`` and back; of edges without stairs, too."""
    up, down = 1.0 / rules.stairs_up_factor, 1.0 / rules.stairs_down_factor
    tagged = np.sign(np.nan_to_num(traits.incline))
    rise = np.where(tagged != 0, tagged, np.sign(gradients.overall()))
    either = (up + down) / 2.0
    forward, backward = (np.select([sign * rise > 0, sign * rise < 0], [up, down], either) for sign in (1.0, -1.0))
    return forward, backward
