"""Further and sooner than memory? By hand, and as the scenarios page counts it."""

from dataclasses import fields, replace

import numpy as np
import pytest

from riskplugin.desk import Desk, Settings
from riskplugin.episodes import Episode, Record
from riskplugin.inputs.shipped import (
    shipped_episodes,
    shipped_scenarios,
    shipped_universe,
)
from riskplugin.market import Market
from riskplugin.results import table
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.stressing.claims import (
    FURTHER,
    SOONER,
    falls,
    own_records,
    tier_falls,
)
from riskplugin.tables.claims import claim_table, evidence_for
from tests.conftest import AS_OF, TOKENS, book_from

NAN = float("nan")
DAYS = np.arange("2026-05-11", "2026-05-23", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]
SIX = DAYS[:6]


def desk_of(market, universe):
    unused = dict.fromkeys((f.name for f in fields(Settings)), 0)
    settings = Settings(**{**unused, "base_currency": "USD", "drivers": {}, "nav": {}})
    nothing = table("left_out", AS_OF, {"book": []})
    none = ScenarioSet(())
    return Desk(book_from(), market, universe, none, settings, (), nothing)


def empty_market():
    none = np.zeros((0, 0))
    return Market(AS_OF, DAYS[:0], (), none, (), none)


@pytest.fixture(scope="module")
def shipped():
    desk = desk_of(empty_market(), shipped_universe())
    return claim_table(desk, shipped_episodes())


# --- how far, how fast ---------------------------------------------------------------


def test_falls_by_hand():
    """100, 80, 70, 49, 64, 90: half of -51 % in logs is -30 %, there on the second."""
    prices = np.array([[100.0, 80, 70, 49, 64, 90], [100, 120, 130, 99, 110, 98.5]]).T
    found = falls(np.log(prices / prices[0]))
    np.testing.assert_allclose(found.worst, [-0.51, -0.015], rtol=1e-13)
    np.testing.assert_array_equal(found.half_sessions, [2, NAN])
    np.testing.assert_allclose(found.worst_week, [-0.1, -0.015], rtol=1e-12)


def test_what_never_fell_has_a_worst_of_zero_and_no_speed():
    found = falls(np.log([[1.0], [1.1], [1.3]]))
    assert (found.worst[0], found.worst_week[0]) == (
        0.0,
        pytest.approx(NAN, nan_ok=True),
    )
    assert np.isnan(found.half_sessions[0])


def market(closes, won=None):
    names = tuple(sorted(closes))
    close = np.array([closes[n] for n in names]).T
    rate = np.full((len(SIX), 1), NAN) if won is None else np.array([won]).T
    return Market(AS_OF, SIX, names, close, ("KRW",), rate)


EPISODE = Episode("replay_hand", SIX[0], SIX[-1], "2026 by hand")


def test_own_closes_are_in_dollars_converted_at_the_close(hand_universe):
    """Seoul is closed on the third day: neither its price nor the won moves it."""
    won = (1e-3, 1e-3, 5e-4, 8e-4, 8e-4, 8e-4)
    seen = own_records(
        EPISODE,
        market({"000660.KS": [1e5, 1e5, NAN, 1e5, 5e4, 7.5e4]}, won),
        hand_universe,
    )
    (one,) = seen
    assert one.move == pytest.approx(0.75 * 0.8 - 1)
    assert one.worst == pytest.approx(0.5 * 0.8 - 1)
    assert one.half_sessions == 4  # half in logs is -37 %; the third day counts not
    assert one.worst_week == pytest.approx(0.75 * 0.8 - 1)


def test_an_end_may_be_filled(hand_universe):
    prices = market({"MU": [100.0, 90, 80, 70, 60, NAN]})
    (one,) = own_records(EPISODE, prices, hand_universe)
    assert (one.move, one.worst) == (pytest.approx(-0.4), pytest.approx(-0.4))


def test_without_a_rate_or_an_end_a_name_is_not_seen(hand_universe):
    prices = {"000660.KS": [1e5] * 6, "MU": [NAN, 1, 1, 1, 1, 1], "TAO": [4.0] * 6}
    seen = own_records(EPISODE, market(prices), hand_universe)
    assert [r.instrument for r in seen] == ["TAO"]


def test_a_contract_is_no_second_name(hand_universe):
    tao = replace(hand_universe.instruments["TAO"], instrument="TAO-PERP")
    known = hand_universe.extended([replace(tao, kind="perpetual")], [])
    prices = market({"TAO": [4.0] * 6, "TAO-PERP": [4.0] * 6})
    (one,) = own_records(EPISODE, prices, known)
    assert one.instrument == "TAO"


def said(name, tier, worst, half):
    return Record(name, tier, worst, worst, half, NAN)


def test_a_name_counts_by_own_closes_else_by_the_table(hand_universe):
    episode = Episode(
        "replay_hand", SIX[0], SIX[-1], "2026 by hand",
        (said("MU", "memory", -0.9, 1), said("WDC", "memory", -0.7, 5)),
    )  # fmt: skip
    prices = market({"MU": [100.0, 90, 80, 70, 60, 50]})
    (memory,) = tier_falls(episode, prices, hand_universe).values()
    assert memory.worst == pytest.approx((-0.5 - 0.7) / 2)
    # half of -50 % in logs is 70.7: reached at 70, on the third session
    assert memory.half_sessions == (3 + 5) / 2
    assert (memory.names, memory.own) == (2, 1)


# --- for and against -----------------------------------------------------------------


def test_for_against_neither_and_what_says_nothing(hand_universe):
    def episode(number, *records):
        start = np.datetime64("2001-01-01") + 50 * number
        return Episode(f"replay_{number}", start, start + 40, f"200{number} x", records)

    memory = said("MU", "memory", -0.5, 10)
    past = [
        episode(1, memory, said("TAO", TOKENS, -0.6, 10)),
        episode(2, memory, said("TAO", TOKENS, -0.5, 11)),
        episode(3, memory, said("TAO", TOKENS, -0.01, NAN)),
        episode(4, memory),
        episode(5, said("TAO", TOKENS, -0.7, 3)),
        episode(6, memory, said("TAO", TOKENS, -0.504, 4)),
    ]
    found = claim_table(desk_of(empty_market(), hand_universe), past)
    assert found["tier"].tolist() == [TOKENS, TOKENS]
    assert found["claim"].tolist() == [FURTHER, SOONER]
    counts = found[["episodes", "for", "against", "neither"]].to_numpy().tolist()
    assert counts == [[4, 2, 1, 1], [3, 1, 1, 1]]
    assert found["sentence"].tolist() == [
        f"{TOKENS} fell further than memory in 2 of 4, as far in 1: 2001 (-60% against "
        "-50%), 2002 (-50.0% against -50.0%), 2003 (-1% against -50%), 2006 (-50.4% "
        "against -50.0%)",
        f"{TOKENS} reached half of its fall sooner than memory in 1 of 3, as soon in 1:"
        " 2001 (10 against 10 sessions), 2002 (11 against 10 sessions), 2006 (4 "
        "against 10 sessions)",
    ]
    assert found.by_episode["speaks"].tolist() == [
        "for", "neither", "against", "for", "neither", "against", "for",
    ]  # fmt: skip
    assert set(found.definitions) == set(found.columns)
    assert set(found.by_episode.definitions) == set(found.by_episode.columns)


@pytest.mark.parametrize(
    ("tier", "further", "sooner"),
    [  # docs/explanation/scenarios.md, "Do tokens fall further and faster?"
        ("crypto_compute_storage", (2, 1, 0), (2, 1, 0)),
        ("crypto_data_network", (3, 1, 0), (2, 2, 0)),
        ("crypto_agents", (3, 0, 0), (1, 1, 1)),
    ],
)
def test_the_shipped_table_counts_as_the_scenarios_page_does(
    tier, further, sooner, shipped
):
    rows = shipped.set_index(["tier", "claim"])[["for", "against", "neither"]]
    assert tuple(rows.loc[(tier, FURTHER)]) == further
    assert tuple(rows.loc[(tier, SOONER)]) == sooner


def test_gpu_and_equipment_were_sooner_in_six_of_eight(shipped):
    """The same page: "GPU and equipment … 6 of 8, power in 5, networking in 4"."""
    rows = shipped.query("claim == 'sooner'").set_index("tier")
    wanted = {"gpu": 6, "semi_equipment": 6, "datacenter_power": 5, "networking": 4}
    assert rows.loc[list(wanted), "for"].to_dict() == wanted
    assert set(rows.loc[list(wanted), "episodes"]) == {8}


def test_the_desks_own_closes_change_the_record(hand_universe):
    prices = market(
        {"MU": [100.0, 90, 80, 70, 60, 50], "TAO": [1, 0.9, 0.75, 0.7, 0.6, 0.6]}
    )
    found = claim_table(desk_of(prices, hand_universe), [EPISODE])
    assert found["for"].tolist() == [0, 1]
    assert found.by_episode["own_names"].tolist() == [1, 1]
    assert found.by_episode["tier_figure"].tolist() == pytest.approx([-0.4, 2])


# --- beside a scenario ---------------------------------------------------------------


def test_a_scenario_stands_beside_its_evidence(shipped):
    (falter,) = (s for s in shipped_scenarios() if s.name == "leaders_falter")
    found = evidence_for(falter, shipped)
    assert found["tier"].tolist() == ["crypto_compute_storage", "crypto_agents"]
    assert found["claim"].tolist() == [SOONER, SOONER]
    assert found["assumed"].tolist() == [15, 15]
    rows = shipped.set_index(["tier", "claim"])
    for row in found.to_dict("records"):
        there = rows.loc[(row["tier"], SOONER)]
        assert row["sentence"] == there["sentence"]
        assert (row["for"], row["against"]) == (there["for"], there["against"])


def test_no_evidence_is_said_and_memory_needs_none(shipped):
    odd = Scenario(
        name="odd",
        core={"memory": -0.4},
        overshoot={"unclassified": 2.0},
        half_life={"memory": 20, "gpu": 10},
    )
    found = evidence_for(odd, shipped)
    assert found["tier"].tolist() == ["unclassified", "gpu"]
    assert found["episodes"].tolist() == [0, 8]
    assert found["sentence"][0] == "no episode says anything of it"
    assert set(found.definitions) == set(found.columns)


def test_a_scenario_without_such_assumptions_has_no_row(shipped):
    plain = Scenario(name="plain", core={"memory": -0.4})
    assert len(evidence_for(plain, shipped)) == 0
    assert "sentence" in evidence_for(plain, shipped).columns
