"""Phases, weights and half-lives as a desk writes them."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.manifest import digest, manifest_of
from riskplugin.scenarios.phases import Phase

FILE = """
[[scenario]]
name = "leaders_first"
description = "Leaders falter, equipment follows, tokens overshoot, part comes back."
weight = 0.1
[scenario.core]
memory = -0.40
ai_compute = -0.40
[scenario.half_life]
memory = 8

[[scenario.phases]]
name = "leaders falter"
sessions = 20
reach = {memory = 0.6, gpu = 0.7}
others = 0.0

[[scenario.phases]]
name = "equipment follows"
sessions = 15
reach = {semi_equipment = 0.8}

[[scenario.phases]]
name = "tokens overshoot"
sessions = 10
reach = {crypto_agents = 1.4}
half_life = {crypto_agents = 3}

[[scenario.phases]]
name = "partial rebound"
sessions = 15
"""
BODY = "[scenario.core]\nmemory = -0.5\n"


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "own.toml"
        path.write_text(text, "utf-8")
        return rp.read_scenarios(path)

    return read


def phase(name="a", sessions=60, more=""):
    return f'[[scenario.phases]]\nname = "{name}"\nsessions = {sessions}\n{more}\n'


def with_phases(*phases, head=""):
    return f'[[scenario]]\nname = "mine"\n{head}\n{BODY}' + "".join(phases)


def test_what_the_file_says_is_what_is_read(read):
    (found,) = read(FILE)
    assert found.phases == (
        Phase(
            name="leaders falter",
            sessions=20,
            reach={"memory": 0.6, "gpu": 0.7},
            others=0.0,
        ),
        Phase(name="equipment follows", sessions=15, reach={"semi_equipment": 0.8}),
        Phase(
            name="tokens overshoot",
            sessions=10,
            reach={"crypto_agents": 1.4},
            half_life={"crypto_agents": 3},
        ),
        Phase(name="partial rebound", sessions=15),
    )
    assert (found.weight, found.half_life) == (0.1, {"memory": 8})


def test_the_horizon_is_that_of_the_phases(read):
    assert read(FILE)[0].horizon_sessions == 60
    (short,) = read(with_phases(phase(sessions=7)))
    assert short.horizon_sessions == 7


def test_a_horizon_that_is_given_must_be_that_of_the_phases(read):
    assert read(with_phases(phase(), head="horizon_sessions = 60"))[0].phases
    with pytest.raises(rp.ConfigError, match="last 60 sessions together, horizon_ses"):
        read(with_phases(phase(), head="horizon_sessions = 61"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (with_phases(phase(more="reech = {gpu = 1}")), "did you mean 'reach'"),
        (with_phases(phase(sessions=0)), r"phases.0.sessions"),
        (with_phases(phase(sessions='"20"')), "a number is needed"),
        (
            with_phases('[[scenario.phases]]\nname = "a"\n'),
            r"phases.0.sessions.*absent",
        ),
        (with_phases(phase(more="others = 0.5")), "the last phase ends at the whole"),
        (with_phases(head="weight = 1.5"), "weight"),
        (with_phases(head="weight = -0.1"), "weight"),
    ],
)
def test_what_cannot_be_used_is_named(read, text, message):
    with pytest.raises(rp.ConfigError, match=message):
        read(text)


def test_a_tier_that_no_table_knows_is_refused(folder):
    text = with_phases(phase("a", 30, "reach = {gpuu = 0.5}"), phase("b", 30))
    tables = "[tables]\n" + "".join(
        f'{t} = "{t}.csv"\n' for t in ("positions", "prices", "fx")
    )
    desk = folder(tables + 'scenarios = "own.toml"\n', {"own.toml": text})
    with pytest.raises(rp.ConfigError, match="phase 'a' names no tier 'gpuu'; did you"):
        rp.load_desk(desk)


def test_a_basket_fixed_against_its_core_is_taken_with_a_warning(load):
    scenario = rp.Scenario(name="odd", core={"memory": -0.5}, tiers={"memory": -0.1})
    desk = load(scenarios=[scenario])
    (issue,) = (i for i in desk.issues if i.code == "contradictory-shocks")
    assert (issue.severity, issue.where.column) == ("warning", "odd")
    assert "every member of its basket is fixed, and they make -10.0%" in issue.message


def test_an_instrument_fixed_twice_is_refused(refused):
    scenario = rp.Scenario(name="odd", instruments={"MU": -0.5, "Micron": -0.4})
    issues = refused("instruments fixes MU 2 times: MU, Micron", scenarios=[scenario])
    assert [i.code for i in issues if i.severity == "error"] == ["bad-scenario"]


# --- half-lives of tiers -------------------------------------------------------------


def half_lives(desk):
    return {t.name: t.half_life_share for t in desk.universe.tiers}


def test_a_desk_replaces_the_half_lives_of_tiers(load):
    shipped = half_lives(load())
    given = {"half_life_share": {"memory": 0.5, "crypto_agents": 1e6}}
    found = half_lives(load(settings=given))
    assert (found["memory"], found["crypto_agents"]) == (0.5, 1e6)
    assert {t for t in found if found[t] != shipped[t]} == {"memory", "crypto_agents"}


def test_half_lives_stand_in_desk_toml(folder):
    tables = "[tables]\n" + "".join(
        f'{t} = "{t}.csv"\n' for t in ("positions", "prices", "fx")
    )
    path = folder(tables + "[half_life_share]\nmemory = 0.5\n")
    assert half_lives(rp.load_desk(path))["memory"] == 0.5


def test_the_half_life_of_a_tier_that_is_none_is_refused(load):
    with pytest.raises(
        rp.ConfigError, match=r"no tier 'crypto_agent' .did you mean 'crypto_agents'"
    ):
        load(settings={"half_life_share": {"crypto_agent": 0.5}})


@pytest.mark.parametrize("share", [0, -0.1, "0.5", True])
def test_a_half_life_is_a_number_above_0(load, share):
    with pytest.raises(rp.ConfigError, match=r"half_life_share\.memory"):
        load(settings={"half_life_share": {"memory": share}})


# --- margin --------------------------------------------------------------------------


def test_margin_is_carried_to_the_book(load, positions):
    held = positions.assign(margin_posted=[None, 500.0, None, 0.0])
    mine = {
        "instrument": ["BTC"],
        "tier": ["crypto_benchmark"],
        "asset_class": ["crypto"],
        "kind": ["perpetual"],
        "maintenance_margin": [0.05],
    }
    book = load(positions=held, instruments=pd.DataFrame(mine)).book
    names = book.labels["instrument"].names
    rows = [names[c] for c in book.labels["instrument"].codes]
    posted = dict(zip(rows, book.margin_posted.tolist(), strict=True))
    kept = dict(zip(rows, book.maintenance_margin.tolist(), strict=True))
    assert (posted["000660.KS"], posted["RENDER"], kept["BTC"]) == (500.0, 0.0, 0.05)
    unknown = [posted["MU"], posted["BTC"], kept["MU"], kept["RENDER"]]
    assert np.isnan(unknown).all()


def test_margin_moves_the_run_id(load, positions):
    plain = load(positions=positions)
    other = load(positions=positions.assign(margin_posted=[None, 500.0, None, None]))
    assert digest(manifest_of(plain, ())) != digest(manifest_of(other, ()))


def test_lots_alike_but_for_their_margin_have_one_order(load, positions):
    twice = positions.iloc[[0, 0]].assign(margin_posted=[9.0, 4.0])
    a, b = (load(positions=rows).book for rows in (twice, twice[::-1]))
    assert a.margin_posted.tolist() == b.margin_posted.tolist() == [4.0, 9.0]
