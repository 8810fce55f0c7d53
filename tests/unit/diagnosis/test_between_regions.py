"""Which region is off, from three to four markets whose true labels are known."""

import numpy as np
import pytest

from riskplugin.diagnosis.between_regions import (
    Regions,
    displaced_regions,
    explanations,
    pairs_of,
    verdict,
)
from riskplugin.diagnosis.moves import Moves
from riskplugin.diagnosis.regions import Region, usual_lags

ASIA, AMERICA, CLOCK, EUROPE = (
    Region.ASIA, Region.AMERICA, Region.CLOCK, Region.EUROPE
)  # fmt: skip
ROWS, MEMBERS = 1500, 6


def markets(*regions, off=None, members=MEMBERS, seed=4):
    """Return regions that move with a world; Asia sees half of it a session later.

    `off` maps a region to the sessions by which its labels are late.
    """
    draw = np.random.default_rng(seed)
    world = draw.normal(0, 0.01, ROWS)
    after = np.roll(world, 1)
    columns, returns = [], []
    for place, region in enumerate(regions):
        common = 0.5 * world + 0.7 * after if region is ASIA else world
        own = common[:, None] + draw.normal(0, 0.012, (ROWS, members))
        returns.append(np.roll(own, (off or {}).get(region, 0), axis=0))
        columns.append(np.arange(place * members, (place + 1) * members))
    dates = np.datetime64("2015-01-01") + np.arange(ROWS + 1)
    return Regions(regions, tuple(columns), Moves(dates, np.hstack(returns)))


def said(known):
    """Return the sessions late of every region that is off, and the suspects."""
    found, suspects = displaced_regions(known)
    of = {c: r for r, cs in zip(known.regions, known.columns, strict=True) for c in cs}
    assert {len([d for d in found if of[d.column] is r]) for r in of.values()} <= {
        0,
        MEMBERS,
    }
    return {of[d.column]: d.late for d in found if not d.instead}, suspects


@pytest.mark.parametrize("late", [-1, 1])
@pytest.mark.parametrize("region", [AMERICA, CLOCK, ASIA])
def test_the_one_that_is_off_is_found_and_no_other(region, late):
    known = markets(ASIA, AMERICA, CLOCK, off={region: late})
    off, suspects = said(known)
    assert off == {region: late}
    assert suspects == {region}


def test_right_labels_leave_no_suspect():
    assert said(markets(ASIA, EUROPE, AMERICA, CLOCK)) == ({}, frozenset())


def test_two_of_four_are_found():
    known = markets(ASIA, EUROPE, AMERICA, CLOCK, off={AMERICA: 1, CLOCK: -1})
    assert said(known)[0] == {AMERICA: 1, CLOCK: -1}


def test_two_regions_alone_settle_nothing():
    known = markets(AMERICA, CLOCK, off={AMERICA: 1})
    found, suspects = displaced_regions(known)
    assert suspects == {AMERICA, CLOCK}
    assert {d.instead for d in found} == {"around the clock 1 session early"} or {
        d.instead for d in found
    } == {"America 1 session late"}


def test_a_region_of_few_members_votes_and_is_left_to_be_judged_one_by_one():
    known = markets(ASIA, AMERICA, CLOCK, off={ASIA: 2})
    few = Regions(
        known.regions, (known.columns[0][:2], *known.columns[1:]), known.moves
    )
    found, suspects = displaced_regions(few)
    assert found == []
    assert AMERICA not in suspects


def test_a_stretch_has_its_dates():
    """The last third alone is late, and all of what its neighbours share."""
    right, off = markets(ASIA, AMERICA, CLOCK), markets(
        ASIA, AMERICA, CLOCK, off={AMERICA: 1}
    )  # fmt: skip
    rows = np.arange(ROWS)[:, None] >= 1008  # whole blocks of 252
    returns = np.where(rows, off.moves.returns, right.moves.returns)
    known = Regions(right.regions, right.columns, Moves(right.moves.dates, returns))
    found, _ = displaced_regions(known)
    assert {d.late for d in found} == {1}
    assert {str(d.first) for d in found} == {str(right.moves.dates[1008])}


def test_what_the_regions_share_counts_before_what_one_has_alone():
    """Tokens begin late; America is off since. The vote before is of no help."""
    right, off = markets(ASIA, AMERICA, CLOCK), markets(
        ASIA, AMERICA, CLOCK, off={AMERICA: 1}
    )  # fmt: skip
    rows = np.arange(ROWS)[:, None] >= 900
    returns = np.where(rows, off.moves.returns, right.moves.returns)
    returns[:900, right.columns[2]] = np.nan
    known = Regions(right.regions, right.columns, Moves(right.moves.dates, returns))
    found, suspects = displaced_regions(known)
    assert suspects == {AMERICA}
    assert {d.column for d in found} == set(right.columns[1].tolist())
    assert {str(d.first) for d in found} == {str(right.moves.dates[900])}


def test_score_is_that_of_a_plain_loop():
    known = markets(ASIA, AMERICA, CLOCK, off={CLOCK: 1}, seed=9)
    pairs = pairs_of(known)
    scores = {}
    for guess in map(tuple, explanations(3)):
        total = 4.8**2 * sum(by != 0 for by in guess)
        for pair in pairs:
            usual = usual_lags(known.regions[pair.one], known.regions[pair.other])
            shift = guess[pair.one] - guess[pair.other]
            for place, lag in enumerate(range(-2, 3)):
                r = pair.found.correlation[-1, place, 0]
                if lag not in {u + shift for u in usual} and r > 0:
                    n = pair.found.pairs[-1, place, 0]
                    total += (n - 3) * np.arctanh(r) ** 2
        scores[guess] = total
    best = min(scores, key=scores.__getitem__)
    assert best == (0, 0, 1)
    assert tuple(verdict(known, pairs).late[-1]) == best


def test_at_most_half_of_the_regions_may_be_off():
    assert explanations(2).tolist()[0] == [0, 0]
    assert len(explanations(2)) == 1 + 2 * 4
    assert len(explanations(3)) == 1 + 3 * 4
    four = explanations(4)
    assert ((four != 0).sum(axis=1) <= 2).all()
    assert (np.ptp(four, axis=1) <= 2).all()


def test_usual_lags_turn_with_the_pair():
    for one in Region:
        for other in Region:
            turned = sorted(-lag for lag in usual_lags(other, one))
            assert sorted(usual_lags(one, other)) == turned
    assert usual_lags(ASIA, AMERICA) == (0, 1)
