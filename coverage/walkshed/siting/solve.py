"""Where the next rooms go: the models of location-allocation, each with a proven bound."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from walkshed.errors import SitingError
from walkshed.progress import silent
from walkshed.siting.asked import asked_places, checked_rooms, started_clock
from walkshed.siting.covering.solve import mclp
from walkshed.siting.median.solve import gradual, p_median
from walkshed.siting.programme.conditions import weights_of
from walkshed.siting.programme.solve import constrained
from walkshed.siting.requirements import NOTHING
from walkshed.siting.setcover.solve import lscp, p_center
from walkshed.siting.verify import verify

if TYPE_CHECKING:
    from walkshed.progress import Progress
    from walkshed.siting.answer import SitingAnswer
    from walkshed.siting.problem import SitingProblem
    from walkshed.siting.requirements import Requirements


def solve_mclp(
    problem: SitingProblem,
    *,
    new_rooms: int,
    requirements: Requirements = NOTHING,
    time_limit_s: float = 60.0,
    mip_gap: float = 0.0,
    progress: Progress = silent,
) -> SitingAnswer:
    """Choose the candidates that together serve most residents who are not served today (MCLP).

    The same problem gives the same answer as long as the time limit does not intervene.

    Parameters
    ----------
    problem
        From :func:`walkshed.siting.build.build_problem`.
    new_rooms
        How many rooms may be built.
    requirements
        What the plan has to keep to.
    time_limit_s
        Seconds after which the best answer so far is returned, with its bound.
    mip_gap
        A relative gap on newly served residents that is good enough; 0 asks for the optimum.
    progress
        Called a few times a second with stage ``"siting"``, seconds spent and seconds allowed.

    Returns
    -------
    SitingAnswer

    Raises
    ------
    SitingError
        If an argument makes no sense.
    InfeasibleError
        If rooms are asked for and there is no candidate at all, or no plan keeps to the requirements.
    SolverError
        If HiGHS fails.
    CancelledError
        If ``progress`` raises it; the solve ends within two seconds.
    """
    rooms = checked_rooms(problem, new_rooms, requirements)
    clock = started_clock(time_limit_s, mip_gap, progress)
    must, forbidden = asked_places(problem, requirements)
    if requirements.plain:
        answer = mclp(problem, rooms, must=must, forbidden=forbidden, clock=clock, mip_gap=mip_gap)
    elif replace(requirements, full_min=None, group_weights={}).plain:
        answer = gradual(
            problem, rooms, requirements=requirements, must=must, forbidden=forbidden, clock=clock, mip_gap=mip_gap
        )
    else:
        answer = constrained(
            problem, model="mclp", new_rooms=rooms, share=0.0, minimise_cost=False, requirements=requirements,
            clock=clock, mip_gap=mip_gap,
        )  # fmt: skip
    verify(problem, answer, requirements=requirements, new_rooms=rooms, bound=False)
    clock.finish()
    return answer


def solve_lscp(
    problem: SitingProblem,
    *,
    share: float = 1.0,
    requirements: Requirements = NOTHING,
    minimise_cost: bool = False,
    time_limit_s: float = 60.0,
    mip_gap: float = 0.0,
    progress: Progress = silent,
) -> SitingAnswer:
    """Choose the fewest rooms with which a share of all residents is served (LSCP, partial set cover).

    The same problem gives the same answer as long as the time limit does not intervene.

    Parameters
    ----------
    problem
        From :func:`walkshed.siting.build.build_problem`.
    share
        Of all residents, those served today included, 0..1. Rows that no candidate reaches can be left aside only as
        far as the share allows it.
    requirements
        What the plan has to keep to.
    minimise_cost
        Minimise what the rooms cost instead of their number.
    time_limit_s
        Seconds after which the best answer so far is returned, with its bound.
    mip_gap
        A relative gap on the number of rooms or their cost that is good enough; 0 asks for the optimum.
    progress
        Called a few times a second with stage ``"siting"``, seconds spent and seconds allowed.

    Returns
    -------
    SitingAnswer

    Raises
    ------
    SitingError
        If an argument makes no sense.
    InfeasibleError
        If the share is out of reach, or no plan keeps to the requirements.
    SolverError
        If HiGHS fails.
    CancelledError
        If ``progress`` raises it; the solve ends within two seconds.
    """
    if not 0 <= share <= 1:
        raise SitingError("share_unusable", value=share)
    clock = started_clock(time_limit_s, mip_gap, progress)
    must, forbidden = asked_places(problem, requirements)
    if requirements.plain:
        answer = lscp(
            problem, share=share, must=must, forbidden=forbidden, clock=clock, mip_gap=mip_gap,
            minimise_cost=minimise_cost,
        )  # fmt: skip
    else:
        answer = constrained(
            problem, model="lscp", new_rooms=None, share=share, minimise_cost=minimise_cost, requirements=requirements,
            clock=clock, mip_gap=mip_gap,
        )  # fmt: skip
    verify(problem, answer, requirements=requirements, share=share, bound=False)
    clock.finish()
    return answer


def solve_p_median(
    problem: SitingProblem,
    *,
    new_rooms: int,
    requirements: Requirements = NOTHING,
    time_limit_s: float = 60.0,
    mip_gap: float = 0.0,
    progress: Progress = silent,
) -> SitingAnswer:
    """Choose the candidates that leave least person-minutes to walk to the nearest room (p-median).

    A walk beyond a finite horizon counts as the horizon. Rows that nobody reaches are left aside where it is infinite.
    The same problem gives the same answer as long as the time limit does not intervene.

    Parameters
    ----------
    problem
        From :func:`walkshed.siting.build.build_problem`.
    new_rooms
        How many rooms may be built.
    requirements
        What the plan has to keep to.
    time_limit_s
        Seconds after which the best answer so far is returned, with its bound.
    mip_gap
        A relative gap on person-minutes that is good enough; 0 asks for the optimum.
    progress
        Called a few times a second with stage ``"siting"``, seconds spent and seconds allowed.

    Returns
    -------
    SitingAnswer

    Raises
    ------
    SitingError
        If an argument makes no sense.
    InfeasibleError
        If rooms are asked for and there is no candidate at all, or no plan keeps to the requirements.
    SolverError
        If HiGHS fails.
    CancelledError
        If ``progress`` raises it; the solve ends within two seconds.
    """
    rooms = checked_rooms(problem, new_rooms, requirements)
    clock = started_clock(time_limit_s, mip_gap, progress)
    must, forbidden = asked_places(problem, requirements)
    if replace(requirements, group_weights={}).plain:
        answer = p_median(
            problem, rooms, must=must, forbidden=forbidden, clock=clock, mip_gap=mip_gap,
            weight=weights_of(problem, requirements) if requirements.group_weights else None,
        )  # fmt: skip
    else:
        answer = constrained(
            problem, model="p_median", new_rooms=rooms, share=0.0, minimise_cost=False, requirements=requirements,
            clock=clock, mip_gap=mip_gap,
        )  # fmt: skip
    verify(problem, answer, requirements=requirements, new_rooms=rooms, bound=False)
    clock.finish()
    return answer


def solve_p_center(
    problem: SitingProblem,
    *,
    new_rooms: int,
    requirements: Requirements = NOTHING,
    time_limit_s: float = 60.0,
    mip_gap: float = 0.0,
    progress: Progress = silent,
) -> SitingAnswer:
    """Choose the candidates with which the worst walk is shortest (p-center).

    Only rows with residents who can be reached at all count.
    The same problem gives the same answer as long as the time limit does not intervene.

    Parameters
    ----------
    problem
        From :func:`walkshed.siting.build.build_problem`.
    new_rooms
        How many rooms may be built.
    requirements
        What the plan has to keep to.
    time_limit_s
        Seconds after which the best answer so far is returned, with its bound.
    mip_gap
        A relative gap on the worst minutes that is good enough; 0 asks for the optimum.
    progress
        Called a few times a second with stage ``"siting"``, seconds spent and seconds allowed.

    Returns
    -------
    SitingAnswer

    Raises
    ------
    SitingError
        If an argument makes no sense.
    InfeasibleError
        If rooms are asked for and there is no candidate at all, or no plan keeps to the requirements.
    SolverError
        If HiGHS fails.
    CancelledError
        If ``progress`` raises it; the solve ends within two seconds.
    """
    rooms = checked_rooms(problem, new_rooms, requirements)
    clock = started_clock(time_limit_s, mip_gap, progress)
    must, forbidden = asked_places(problem, requirements)
    if requirements.plain:
        answer = p_center(problem, rooms, must=must, forbidden=forbidden, clock=clock, mip_gap=mip_gap)
    else:
        answer = constrained(
            problem, model="p_center", new_rooms=rooms, share=0.0, minimise_cost=False, requirements=requirements,
            clock=clock, mip_gap=mip_gap,
        )  # fmt: skip
    verify(problem, answer, requirements=requirements, new_rooms=rooms, bound=False)
    clock.finish()
    return answer
