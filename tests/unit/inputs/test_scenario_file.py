"""Scenario files: what they say is what is run, and what is wrong is said at once."""

import pytest

import riskplugin as rp

FILE = """
[[scenario]]
name = "glut"
family = "cycle_reversal"
severity = "deep"
description = "too much of it"
sources = ["desk"]
version = 3
owner = "risk"
approved_by = "cro"
effective = 2026-01-01
horizon_sessions = 90
propagation = "historical"
[scenario.core]
memory = -0.5
crypto = 0.0
[scenario.tiers]
gpu = -0.3
[scenario.instruments]
SNDK = -0.45
[scenario.fx]
KRW = -0.08
[scenario.volatility]
memory = 0.2
[scenario.overshoot]
crypto_agents = 1.5
[scenario.half_life]
memory = 25

[[scenario]]
name = "round_trip"
[scenario.retrace]
memory = 0.85
"""


@pytest.fixture
def desk_with(folder):
    """Return the desk.toml of a desk with a scenario file."""

    def desk_with(text, toml=""):
        tables = "[tables]\n" + "".join(
            f'{t} = "{t}.csv"\n' for t in ("positions", "prices", "fx")
        )
        return folder(toml + tables + 'scenarios = "own.toml"\n', {"own.toml": text})

    return desk_with


@pytest.fixture
def rejected(desk_with):
    """Return the text of the issues with which a scenario file is refused."""

    def rejected(match, text):
        with pytest.raises(rp.InputError, match=match) as caught:
            rp.load_desk(desk_with(text))
        return [i for i in caught.value.issues if i.severity == "error"]

    return rejected


def scenario(name="x", body="[scenario.core]\nmemory = -0.5\n"):
    return f'[[scenario]]\nname = "{name}"\n{body}\n'


def test_what_the_file_says_is_what_is_read(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(FILE, "utf-8")
    assert rp.read_scenarios(path) == (
        rp.Scenario(
            name="glut",
            family="cycle_reversal",
            severity="deep",
            description="too much of it",
            sources=("desk",),
            version=3,
            owner="risk",
            approved_by="cro",
            effective="2026-01-01",
            horizon_sessions=90,
            core={"memory": -0.5, "crypto": 0.0},
            tiers={"gpu": -0.3},
            instruments={"SNDK": -0.45},
            fx={"KRW": -0.08},
            volatility={"memory": 0.2},
            overshoot={"crypto_agents": 1.5},
            half_life={"memory": 25},
        ),
        rp.Scenario(name="round_trip", retrace={"memory": 0.85}),
    )


def test_own_scenarios_come_after_the_shipped_ones(desk_with):
    names = rp.load_desk(desk_with(FILE)).scenarios.names()
    assert names[-2:] == ("glut", "round_trip")
    assert "inventory_build" in names[:-2]


def test_own_scenario_takes_the_place_of_a_shipped_one(desk_with):
    shipped = rp.load_desk(desk_with("")).scenarios.names()
    desk = rp.load_desk(desk_with(scenario("inventory_build")))
    assert desk.scenarios.names() == shipped
    (mine,) = desk.scenarios.choose(["inventory_build"])
    assert (mine.core, mine.horizon_sessions) == ({"memory": -0.5}, 60)


def test_own_library_may_stand_alone(desk_with):
    desk = rp.load_desk(desk_with(FILE, 'scenario_library = "replace"\n'))
    assert desk.scenarios.names() == ("glut", "round_trip")


@pytest.mark.parametrize("shock", ["-1.0", "-1", "-1.5", "nan", "inf", "-inf"])
@pytest.mark.parametrize("part", ["core", "tiers", "instruments", "fx"])
def test_shock_at_or_below_minus_one_is_refused(rejected, part, shock):
    key = {"core": "memory", "tiers": "gpu", "instruments": "MU", "fx": "KRW"}[part]
    text = scenario("bust", f"[scenario.{part}]\n{key} = {shock}\n")
    (issue,) = rejected(part, text)
    assert issue.where.source.startswith("own.toml")
    assert f"{part}.{key}" in f"{issue.where}{issue.message}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("[scenario.core]\nmemroy = -0.5", "no driver 'memroy'; did you mean 'memory'"),
        ("[scenario.retrace]\nmemroy = 0.5", "no driver 'memroy'"),
        ("[scenario.tiers]\nmemori = -0.5", "no tier 'memori'; did you mean 'memory'"),
        ("[scenario.tiers]\ngpu = -0.1\n[scenario.overshoot]\ngpus = 2.0", "'gpus'"),
        ("[scenario.tiers]\ngpu = -0.1\n[scenario.half_life]\ngpus = 2.0", "'gpus'"),
        ("[scenario.tiers]\ngpu = -0.1\n[scenario.volatility]\ngpus = 2.0", "'gpus'"),
        ("[scenario.instruments]\nMUU = -0.5", "unknown or ambiguous instrument 'MUU'"),
        ("[scenario.fx]\nUSD = -0.5", "USD is the base currency"),
        ("[scenario.fx]\nUSDKRW = -0.5", "'USDKRW' is not a currency code"),
        ("[scenario.fx]\nkrw = -0.5", "'krw' is not a currency code"),
        ("horizon_sessions = 0\n[scenario.core]\nmemory = -0.5", "horizon_sessions"),
        ('propagation = "magic"\n[scenario.core]\nmemory = -0.5', "propagation"),
        ("[scenario.tiers]\ngpu = -0.1\n[scenario.overshoot]\ngpu = 0.0", "overshoot"),
        ("[scenario.tiers]\ngpu = -0.1\n[scenario.half_life]\ngpu = -1", "half_life"),
        ("[scenario.retrace]\nmemory = 0.0", "retrace"),
        (
            "[scenario.core]\nmemory = -0.1\n[scenario.retrace]\nmemory = 0.5",
            "memory stands in both core and retrace",
        ),
        ("description = 'nothing'", "it shocks nothing"),
        ("[scenario.core]\nmemory = '-0.5 %'", "memory"),
        ("[scenario.core]\nmemory = true", "memory"),
    ],
)
def test_fault_is_named_with_its_scenario(rejected, body, message):
    issues = rejected("own.toml", scenario("mine", body))
    assert len(issues) == 1
    assert message in f"{issues[0].where} {issues[0].message} {issues[0].hint}"


@pytest.mark.parametrize("name", ["Bad", "with space", "with-dash", "", "é"])
def test_bad_name_is_refused(rejected, name):
    (issue,) = rejected("a-z, 0-9 and _ only", scenario(name))
    assert issue.code == "bad-scenario"


def test_name_that_stands_twice_is_refused(rejected):
    (issue,) = rejected("stands twice", scenario("twin") + scenario("twin"))
    assert (issue.code, issue.where.column) == ("bad-scenario", "twin")


def test_unknown_key_names_the_nearest(rejected):
    body = "horzion_sessions = 60\n[scenario.core]\nmemory = -0.5\n"
    (issue,) = rejected("unknown key", scenario("mine", body))
    assert issue.code == "unknown-key"
    assert issue.hint == "did you mean 'horizon_sessions'?"


def test_faults_of_one_scenario_are_all_named(rejected):
    body = "horizon_sessions = 90\n[scenario.core]\nmemory = -1.2\ncrypto = -1.0\n"
    text = " ".join(map(str, rejected("own.toml", scenario("Bad", body))))
    for found in ("a-z, 0-9 and _ only", "core.memory is -1.2", "core.crypto is -1.0"):
        assert found in text


def test_faults_of_every_kind_are_named_at_once(rejected):
    """The shock and the name are wrong in themselves, the others for this desk."""
    text = (
        scenario("bust", "[scenario.core]\nmemory = -1.5\n")
        + scenario("typo", "[scenario.core]\nmemroy = -0.5\n")
        + scenario("tier", "[scenario.tiers]\nmemori = -0.5\n")
        + scenario("Bad")
        + scenario("key", "horzion = 3\n[scenario.core]\nmemory = -0.5\n")
    )
    found = " ".join(map(str, rejected("own.toml", text)))
    missing = [
        f for f in ("-1.5", "memroy", "memori", "Bad", "horzion") if f not in found
    ]
    assert missing == []


def test_faults_of_scenarios_and_of_tables_are_named_at_once(desk_with, tmp_path):
    desk = desk_with(scenario("bust", "[scenario.core]\nmemory = -1.5\n"))
    positions = tmp_path / "positions.csv"
    positions.write_text(positions.read_text("utf-8") + "semis,MU,x\n", "utf-8")
    with pytest.raises(rp.InputError, match="bad-scenario") as caught:
        rp.load_desk(desk)
    assert {"bad-scenario", "bad-number"} <= {i.code for i in caught.value.issues}


def test_scenario_of_a_driver_without_prices_is_left_out_and_said(large):
    calm = rp.Scenario(name="calm", core={"equity": -0.1})
    named = rp.Scenario(name="named", core={"memory": -0.1})
    tables = {**large, "prices": large["prices"].drop(columns="SPY")}
    positions = large["positions"].query("instrument != 'SPY'")
    desk = rp.desk_from_tables(
        **{**tables, "positions": positions}, scenarios=[calm, named]
    )
    report = rp.run(desk)
    left = report.tables["issues"].query("code == 'scenario-left-out'")
    # 200 sessions of the large desk hold no run-up to give back either
    assert left["column"].tolist() == ["supercycle_reversal", "calm"]
    assert "named" in set(report.stress["scenario"])
    assert "calm" not in set(report.stress["scenario"])


def test_file_that_is_not_toml_is_refused(rejected):
    rejected("own.toml: not valid TOML", "[[scenario]\n")


def test_missing_scenario_file_is_refused(folder):
    text = '[tables]\npositions = "positions.csv"\nprices = "prices.csv"\n'
    with pytest.raises(rp.InputError, match=r"none\.toml: no such file"):
        rp.load_desk(folder(text + 'fx = "fx.csv"\nscenarios = "none.toml"\n'))
