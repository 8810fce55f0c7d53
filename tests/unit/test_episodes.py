"""The shipped table of episodes is whole and agrees with itself and with what is known.

The moves of the memory basket and of its members are those of the table in
docs/explanation/scenarios.md, computed apart from the file.
"""

import numpy as np
import pytest

from riskplugin.episodes import Episode
from riskplugin.inputs.shipped import rows, shipped_episodes, shipped_universe

EPISODES = shipped_episodes()
RECORDS = [(e, r) for e in EPISODES for r in e.records]
MAKERS = ("MU", "000660.KS", "005930.KS")
PERCENT = {  # MU, SK hynix, Samsung, basket
    "replay_2000_02": (-88, -99, -30, -90),
    "replay_2007_08": (-88, -90, -60, -83),
    "replay_2011": (-63, -31, -17, -40),
    "replay_2014_16": (-73, -48, -19, -52),
    "replay_2018": (-54, -39, -27, -41),
    "replay_2022": (-50, -47, -42, -46),
    "replay_2024": (-44, -31, -13, -30),
    "replay_2025": (-41, -18, 3, -20),
}
SESSIONS = (581, 353, 162, 309, 149, 181, 59, 53)  # docs/explanation/scenarios.md


def test_names_dates_and_lengths():
    assert [e.name for e in EPISODES] == list(PERCENT)
    assert tuple(e.sessions for e in EPISODES) == SESSIONS
    ends = [np.datetime64("1900-01-01"), *(e.end for e in EPISODES)]
    starts = [*(e.start for e in EPISODES), np.datetime64("2100-01-01")]
    assert all(end < start for end, start in zip(ends, starts, strict=True))
    assert EPISODES[0].title == "2000-2002 dot-com"


def test_sessions_of_the_file_are_the_weekdays_between_its_dates():
    for row in rows("episodes.csv"):
        days = np.busday_count(row["start"], row["end"])
        assert int(row["sessions"]) == days, row


@pytest.mark.parametrize("episode", EPISODES, ids=lambda e: e.name)
def test_the_makers_moved_as_the_scenarios_page_says(episode):
    moves = {r.instrument: r.move for r in episode.records}
    own = [moves[m] for m in MAKERS]
    basket = np.expm1(np.mean(np.log1p(own)))
    assert 100 * np.array([*own, basket]) == pytest.approx(PERCENT[episode.name], abs=1)


@pytest.mark.parametrize("episode", EPISODES, ids=lambda e: e.name)
def test_micron_ends_at_its_worst(episode):
    """The dates are those of its peak and trough."""
    (micron,) = (r for r in episode.records if r.instrument == "MU")
    assert micron.move == micron.worst


@pytest.mark.parametrize(
    ("episode", "record"), RECORDS, ids=lambda x: getattr(x, "instrument", "")
)
def test_figures_agree_with_each_other(episode, record):
    assert -1 < record.worst <= min(0.0, record.move)
    assert -1 < record.worst_week <= 0
    # weeks end to end, each at its worst, and the days over: no deeper than the whole
    weeks = -(-episode.sessions // 5)
    assert (1 + record.worst_week) ** weeks <= 1 + record.worst + 1e-4
    if record.worst > -0.02:
        assert np.isnan(record.half_sessions)
    else:
        assert record.half_sessions == int(record.half_sessions)
        assert 1 <= record.half_sessions <= episode.sessions


def test_a_name_stands_once_in_an_episode_on_the_tier_of_the_universe():
    known = shipped_universe().instruments
    for episode in EPISODES:
        names = [r.instrument for r in episode.records]
        assert len(set(names)) == len(names)
        assert [known[r.instrument].tier for r in episode.records] == [
            r.tier for r in episode.records
        ]


def test_there_is_a_record_of_memory_and_of_every_equity_tier():
    for episode in EPISODES:
        tiers = {r.tier for r in episode.records}
        assert {"memory", "gpu", "semi_equipment", "equity_benchmark"} <= tiers
    assert sum(len(e.records) for e in EPISODES) == 308


def test_an_episode_ends_after_it_starts():
    day = np.datetime64("2024-06-18")
    with pytest.raises(
        ValueError, match="odd must end after 2024-06-18, not on 2024-06-18"
    ):
        Episode("odd", day, day)
