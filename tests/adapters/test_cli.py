"""The command, as a real process: same numbers as in Python, honest exit codes."""

import json
import math
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import riskplugin as rp
from riskplugin import api
from riskplugin.adapters.cli import main

DESK = Path(__file__).parents[2] / "samples" / "desk.toml"
ODD = ("[red]x[/red]", "[/b]", "a\\[b]", "end\\", "日本", "| a |")
SCRIPT = shutil.which("riskplugin", path=Path(sys.executable).parent)
VERBS = ("run", "check", "exposures", "stress", "shocks", "scenarios")
VERBS += ("measures", "backtest", "paths", "replay", "claims", "reverse")
VERBS += ("plausibility", "liquidity", "accounts", "monitor", "greeks", "doctor")

# {desk} is the sample desk, {tiny} one of a single lot and ten sessions; {part} and
# {bad} have two rows that cannot be used, {dent} a price.
PROCESSES = {
    "run": "run {desk}",
    "check": "check {desk}",
    "scenarios": "scenarios {desk}",
    "exposures json": "exposures {desk} --by book,tier --json --out {tmp}/one/two",
    "stress json": "stress {desk} --scenarios desk_hbm_glut,inventory_build "
    "--by tier,scenario --confidence 0.9 --json --out {tmp}/one/two",
    "shocks json": "shocks {desk} --core memory=-0.4 --core equity=0 --horizon 90 "
    "--json",
    "unknown key": "exposures {tiny} --by teir",
    "faulty": "exposures {bad}",
    "unknown scenario": "stress {tiny} --scenarios lonee",
    "table into a file": "exposures {tiny} --out {tmp}/file/out",
}
# The rest goes through the same door, `main`, without paying for a start each time.
CALLS = {
    "odd names": "exposures {odd} --by book",
    "exposures": "exposures {desk}",
    "stress": "stress {desk}",
    "shocks": "shocks {desk}",
    "run json": "run {desk} --json --out {tmp}/run",
    "reverse": "reverse {desk} --loss 50e6 --by book",
    "reverse json": "reverse {desk} --loss 50e6 --by book --horizon 30 --json "
    "--plot {tmp}/reverse",
    "reverse of all json": "reverse {desk} --loss 50e6 --driver all --json",
    "worst json": "reverse {desk} --worst 2 --json",
    "no loss": "reverse {tiny}",
    "loss of nothing": "reverse {desk} --loss -5",
    "picture of all": "reverse {desk} --loss 1e6 --driver all --plot {tmp}/all",
    "plausibility": "scenarios {desk} --plausibility",
    "plausibility json": "scenarios {desk} --plausibility --json --plot {tmp}/likely",
    "regimes json": "scenarios {desk} --regimes --json",
    "liquidity": "liquidity {desk}",
    "liquidity json": "liquidity {desk} --by book --participation 0.1 --json",
    "volumes json": "liquidity {desk} --volumes --json",
    "unwinding json": "liquidity {desk} --unwinding --scenarios inventory_build "
    "--by total --json",
    "accounts": "accounts {desk}",
    "doctor": "doctor {desk}",
    "greeks": "greeks {desk}",
    "convexity json": "stress {desk} --convexity --by tier --json",
    "greeks json": "greeks {desk} --by book --json",
    "liquidations json": "greeks {desk} --liquidations --json",
    "monitor": "monitor {desk} --record",
    "monitor json": "monitor {desk} --json --plot {tmp}/cycle --out {tmp}/cycle",
    "accounts json": "accounts {desk} --json",
    "default json": "accounts {desk} --default exchange_a --json",
    "through json": "exposures {desk} --look-through --by tier --json",
    "waterfall json": "stress {desk} --scenarios inventory_build --json "
    "--plot {tmp}/waterfall",
    "paths": "stress {desk} --path --loss 50e6",
    "path json": "stress {desk} --path --scenarios inventory_build --by tier --json "
    "--out {tmp}/path --plot {tmp}/path",
    "loss without path": "stress {tiny} --loss 1",
    "replay": "replay {desk}",
    "replay json": "replay {desk} --episodes replay_2022,replay_2025 --by book --json "
    "--out {tmp}/replay --plot {tmp}/replay",
    "replay of dates json": "replay {desk} --start 2022-01-14 --end 2022-06-30 "
    "--path --by total --json",
    "one date": "replay {tiny} --start 2022-01-14",
    "unknown episode": "replay {desk} --episodes replay_2023",
    "claims": "claims {desk}",
    "claims json": "claims {desk} --json --out {tmp}/claims",
    "claims of one json": "claims {desk} --scenario narrative_unwind --json",
    "measures": "measures {desk}",
    "measures json": "measures {desk} --measure VaR,CVaR --by book --alpha 0.01 "
    "--method filtered --horizon 5 --json",
    "all measures json": "measures {desk} --measure all --by total --json",
    "factors json": "measures {desk} --factors --positions memory_semis --json",
    "samples json": "measures {desk} --samples --json",
    "riskfolio json": "measures {desk} --riskfolio --measure CVaR,MDD --json",
    "factors of two": "measures {desk} --factors --measure VaR,CVaR",
    "unknown measure": "measures {desk} --measure CVARR",
    "no history": "measures {tiny}",
    "backtest": "backtest {desk} --nights 40",
    "backtest json": "backtest {desk} --confidence 0.95 --nights 60 --by book "
    "--method age_weighted --json --out {tmp}/tested --plot {tmp}/tested",
    "no backtest": "backtest {desk} --method reversal",
    "check json": "check {desk} --json",
    "shocks of scenarios json": "shocks {desk} --scenarios leaders_falter --json",
    "scenarios json": "scenarios {desk} --json",
    "earlier json": "exposures {desk} --as-of 2026-03-31 --json",
    "faulty check json": "check {bad} --json",
    "partial": "exposures {part} --json",
    "partial run": "run {part} --json",
    "partial prices": "run {dent} --json",
    "unknown option": "exposures {tiny} --bye tier",
    "unknown verb": "exposure {tiny}",
    "no desk": "stress",
    "bad date": "check {tiny} --as-of 29.05.2026",
    "bad core": "shocks {tiny} --core memory",
    "core twice": "shocks {desk} --core memory=-0.4 --core memory=-0.3",
    "core and scenarios": "shocks {tiny} --core memory=-0.4 --scenarios lone",
    "horizon alone": "shocks {tiny} --horizon 90",
    "bad confidence": "stress {tiny} --confidence 95",
    "out and store": "run {tiny} --out {tmp}/a --store {tmp}/b",
    "nothing chosen": "stress {tiny} --scenarios ,",
    "no such desk": "run {tmp}/none.toml",
    "unknown driver": "shocks {desk} --core memroy=-0.4",
    "impossible fall": "shocks {tiny} --core memory=-1.5",
    "run into a file": "run {desk} --out {tmp}/file/out",
}
FAULTS = [
    *list(PROCESSES)[list(PROCESSES).index("unknown key") :],
    *list(CALLS)[list(CALLS).index("faulty check json") :],
]


def tiny_desk(folder, rows, *, on_error, dent=False):
    """Write a desk of ten sessions and of `rows` in positions.csv."""
    folder.mkdir()
    dates = pd.bdate_range(end="2026-05-29", periods=10)
    prices = pd.DataFrame({"date": dates, "MU": 100.0, "BTC": 60_000.0})
    prices = prices.astype({"BTC": object})
    if dent:
        prices.loc[3, "BTC"] = "#N/A"
    prices.to_csv(folder / "prices.csv", index=False)
    (folder / "positions.csv").write_text(
        "book,instrument,quantity\nsemis,MU,100\n" + "".join(r + "\n" for r in rows),
        "utf-8",
    )
    (folder / "own.toml").write_text(
        '[[scenario]]\nname = "lone"\ninstruments = {MU = -0.5}\n', "utf-8"
    )
    desk = folder / "desk.toml"
    desk.write_text(
        f'on_error = "{on_error}"\n[tables]\npositions = "positions.csv"\n'
        'prices = "prices.csv"\nscenarios = "own.toml"\n[nav]\nsemis = 1e6\n',
        "utf-8",
    )
    return desk


@pytest.fixture(scope="module")
def tmp(tmp_path_factory):
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def places(tmp):
    """What stands for the words in braces."""
    (tmp / "file").write_text("not a folder", "utf-8")
    faulty = ["semis,MU,x", ",MU,1"]
    return {
        "desk": DESK,
        "tmp": tmp,
        "tiny": tiny_desk(tmp / "tiny", [], on_error="stop"),
        "bad": tiny_desk(tmp / "bad", faulty, on_error="stop"),
        "part": tiny_desk(tmp / "part", faulty, on_error="quarantine"),
        "odd": tiny_desk(tmp / "odd", [f"{o},MU,1" for o in ODD], on_error="stop"),
        "dent": tiny_desk(tmp / "dent", [], on_error="quarantine", dent=True),
    }


@pytest.fixture(scope="module")
def processes(places):
    """Every command of PROCESSES, run once, two at a time."""

    def process(command):
        return subprocess.run(
            [SCRIPT, *(word.format(**places) for word in command.split())],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    with ThreadPoolExecutor(2) as pool:
        done = pool.map(process, PROCESSES.values())
        return dict(zip(PROCESSES, done, strict=True))


@pytest.fixture(scope="module")
def known():
    """What became of the commands that were already given."""
    return {}


@pytest.fixture(scope="module")
def opened():
    """Open the files of the sample desk once for all verbs but those of PROCESSES."""
    load = api.load_desk
    once = cache(load)
    return lambda path, *rest: (once if str(path) == str(DESK) else load)(path, *rest)


@pytest.fixture
def done(request, places, known, opened, monkeypatch, capfd):
    """Return what became of a command by its name; it is given once."""

    def call(name):
        words = [word.format(**places) for word in CALLS[name].split()]
        capfd.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["riskplugin", *words])
            patch.setattr(api, "load_desk", opened)
            with pytest.raises(SystemExit, match=r"\d") as left:
                main()
        out, err = capfd.readouterr()
        return subprocess.CompletedProcess(words, left.value.code, out, err)

    def done(name):
        if name in PROCESSES:
            return request.getfixturevalue("processes")[name]
        if name not in known:
            known[name] = call(name)
        return known[name]

    return done


@pytest.fixture(scope="module")
def desk():
    return rp.load_desk(DESK)


def assert_same_rows(done, found):
    """Assert that a command printed a table of the API, to the last bit."""
    printed = json.loads(done.stdout)
    assert list(printed) == ["table", "as_of", "rows"]
    assert (printed["table"], printed["as_of"]) == (found.title, found.as_of)
    expected = found.to_frame().to_dict("records")
    assert len(printed["rows"]) == len(expected) > 0
    for row, against in zip(printed["rows"], expected, strict=True):
        assert list(row) == list(against)
        for column, value in against.items():
            if value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
                assert row[column] is None, column
            elif isinstance(value, pd.Timestamp):
                assert row[column] == f"{value:%Y-%m-%d}", column
            else:
                assert row[column] == value, column


# --- done ----------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_verb_exits_zero_on_the_sample_desk(done, verb):
    shown = done(verb)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.strip() != ""


@pytest.mark.parametrize("verb", VERBS)
def test_no_figure_is_cut_short_in_a_pipe(done, verb):
    assert "…" not in done(verb).stdout


def test_shown_exposures_are_those_of_the_api(done, desk):
    shown = done("exposures").stdout
    for row in rp.exposures(desk).itertuples():
        (line,) = (
            found for found in shown.splitlines() if found.split()[:1] == [row.tier]
        )
        assert f" {row.net:,.0f} " in line
        assert f" {row.pct_nav:.1%} " in line


def test_shown_run_names_every_scenario_tier_and_the_run(done, desk):
    report = rp.run(desk)
    shown = done("run").stdout
    for name in (*report.stress["scenario"], *report.stress["tier"]):
        assert name in shown.split()
    assert report.run_id in shown


def test_text_is_shown_as_it_is(done):
    shown = done("odd names").stdout
    assert [name for name in ODD if name not in shown] == []


def test_check_counts_what_it_found(done):
    assert done("check").stdout.splitlines()[-1] == "0 errors, 2 warnings"


@pytest.mark.parametrize(
    "name", [c for c in (*PROCESSES, *CALLS) if c.endswith("json")]
)
def test_json_is_one_line_of_table_date_and_rows(done, name):
    shown = done(name).stdout
    assert shown.count("\n") == 1
    printed = json.loads(shown, parse_constant=pytest.fail)
    assert list(printed) == ["table", "as_of", "rows"]


def test_exposures_are_those_of_the_api(done, desk):
    assert_same_rows(done("exposures json"), rp.exposures(desk, ("book", "tier")))


def test_stress_is_that_of_the_api_and_knows_null(done, desk):
    names = ["desk_hbm_glut", "inventory_build"]
    found = rp.stress(desk, names, ("tier", "scenario"), confidence=0.9)
    assert_same_rows(done("stress json"), found)
    assert found["low"].isna().any()


def test_shocks_are_those_of_the_api(done, desk):
    core = {"memory": -0.4, "equity": 0.0}
    assert_same_rows(done("shocks json"), rp.shocks(desk, core, horizon_sessions=90))
    of_scenario = rp.shocks(desk, scenarios="leaders_falter")
    assert_same_rows(done("shocks of scenarios json"), of_scenario)


def test_scenarios_are_those_of_the_api(done, desk):
    assert_same_rows(done("scenarios json"), rp.scenario_list(desk))


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        (
            "measures json",
            lambda desk: rp.measures(
                desk,
                ["VaR", "CVaR"],
                0.01,
                by="book",
                method="filtered",
                horizon_sessions=5,
            ),
        ),
        ("all measures json", lambda desk: rp.measures(desk, None, by=())),
        (
            "factors json",
            lambda desk: rp.factor_risk(rp.with_positions(desk, "memory_semis")),
        ),
        ("samples json", rp.samples),
        (
            "riskfolio json",
            lambda desk: rp.replicate_measures(desk, ["CVaR", "MDD"]),
        ),
        (
            "backtest json",
            lambda desk: rp.backtest(
                desk, 0.95, by="book", nights=60, method="age_weighted"
            ),
        ),
    ],
)
def test_measures_are_those_of_the_api(done, desk, name, asked):
    assert_same_rows(done(name), asked(desk))


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        (
            "path json",
            lambda desk: rp.stress_path(desk, ["inventory_build"], "tier"),
        ),
        (
            "replay json",
            lambda desk: rp.replay(
                desk, ["replay_2022", "replay_2025"], ("episode", "book")
            ),
        ),
        ("claims json", rp.claims),
        (
            "reverse json",
            lambda desk: rp.reverse_stress(desk, 50e6, by="book", horizon_sessions=30),
        ),
        ("reverse of all json", lambda desk: rp.reverse_stress(desk, 50e6, None)),
        ("worst json", lambda desk: rp.worst_case(desk, 2.0)),
        ("plausibility json", rp.plausibility),
        ("regimes json", rp.regimes),
        ("liquidity json", lambda desk: rp.liquidity_profile(desk, "book", 0.1)),
        ("volumes json", rp.average_volumes),
        (
            "unwinding json",
            lambda desk: rp.unwinding(desk, ["inventory_build"], ()),
        ),
        ("accounts json", rp.accounts),
        ("monitor json", rp.cycle_monitor),
        ("greeks json", lambda desk: rp.greeks_exposure(desk, "book")),
        ("default json", lambda desk: rp.account_default(desk, "exchange_a")),
        ("through json", lambda desk: rp.look_through(desk, "tier")),
        (
            "claims of one json",
            lambda desk: rp.evidence_for(desk, "narrative_unwind"),
        ),
    ],
)
def test_paths_and_the_past_are_those_of_the_api(done, desk, name, asked):
    assert_same_rows(done(name), asked(desk))


def test_paths_and_replays_keep_what_stands_beside_them(done, tmp):
    for name in (
        *("path json", "replay json", "claims json", "reverse json"),
        *("plausibility json", "waterfall json", "monitor json"),
    ):
        done(name)
    kept = {f"{p.parent.name}/{p.name}" for p in tmp.rglob("*.parquet")}
    assert {
        "path/stress_path.parquet",
        "replay/replays.parquet",
        "replay/replay_positions.parquet",
        "claims/claims.parquet",
    } <= kept
    pictures = {p.name for p in tmp.rglob("*.png") if p.stat().st_size > 10_000}
    assert {
        "path-inventory_build.png",
        "replay-episodes.png",
        "reverse-memory.png",
        "plausibility.png",
        "cycle.png",
        "stress-inventory_build.png",
    } <= pictures


def test_replay_of_dates_ends_where_the_prices_do(done, desk):
    rows = json.loads(done("replay of dates json").stdout)["rows"]
    found = rp.replay(desk, ("2022-01-14", "2022-06-30"), ("episode",))
    assert rows[-1]["date"][:10] == "2022-06-30"
    assert rows[-1]["pnl"] == pytest.approx(found["pnl"].iloc[0], rel=1e-12)


def test_backtest_keeps_its_nights_and_a_picture_per_group(done, tmp, desk):
    done("backtest json")
    kept = pd.read_parquet(tmp / "tested" / "backtest_nights.parquet")
    books = desk.book.labels["book"].names
    assert len(kept) == 60 * len(books)
    for book in books:
        assert (tmp / "tested" / f"backtest-{book}.png").stat().st_size > 10_000


def test_riskfolio_says_the_same(done):
    rows = json.loads(done("riskfolio json").stdout)["rows"]
    assert [abs(row["difference"]) < 1e-10 for row in rows] == [True, True]


def test_valuation_date_is_taken(done):
    assert_same_rows(
        done("earlier json"), rp.exposures(rp.load_desk(DESK, as_of="2026-03-31"))
    )


def test_run_is_that_of_the_api(done, desk, tmp):
    printed = json.loads(done("run json").stdout)
    (row,) = printed["rows"]
    assert row == {
        "run_id": rp.run(desk).run_id,
        "status": "complete",
        "folder": str(tmp / "run"),
        "left_out": 0,
        "issues": len(rp.run(desk).issues),
        "broken_limits": 0,
    }
    assert (tmp / "run" / "manifest.json").is_file()


@pytest.mark.parametrize(
    ("name", "title"), [("exposures json", "exposures"), ("stress json", "stress")]
)
def test_out_holds_the_table_that_was_printed(done, tmp, name, title):
    rows = json.loads(done(name).stdout)["rows"]
    printed = pd.DataFrame(rows).astype({c: float for c in ("low",) if c in rows[0]})
    for found in (
        pd.read_parquet(tmp / "one" / "two" / f"{title}.parquet"),
        pd.read_csv(tmp / "one" / "two" / f"{title}.csv", keep_default_na=True),
    ):
        pd.testing.assert_frame_equal(
            found, printed, check_exact=True, check_dtype=False
        )


# --- not done ------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAULTS)
def test_fault_of_the_user_shows_no_traceback(done, name):
    shown = done(name).stderr
    assert "Traceback" not in shown
    assert "bug" not in shown


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unknown option", "Did you mean '--by'?"),
        ("unknown key", "cannot group by 'teir'; did you mean 'tier'?"),
        ("unknown verb", "'exposures'"),
        ("no desk", "Missing argument 'DESK'"),
        ("bad date", "'29.05.2026' does not match the format '%Y-%m-%d'"),
        ("bad core", "'memory': write memory=-0.4"),
        ("core twice", "memory"),
        ("core and scenarios", "give core or scenarios, not both"),
        ("horizon alone", "horizon_sessions goes with core"),
        ("bad confidence", "confidence is 95.0, a level between 0 and 1 is needed"),
        ("out and store", "give --out or --store, not both"),
        ("nothing chosen", "scenario"),
        ("loss without path", "--loss goes with --path"),
        ("no loss", "give --loss, or --worst and a distance"),
        ("loss of nothing", "loss"),
        ("picture of all", "--plot draws one driver"),
        ("one date", "give --start and --end, or --episodes"),
        ("unknown episode", "replay_2022"),
        ("factors of two", "--factors splits one measure"),
        ("unknown measure", "no measure is called 'CVARR'; did you mean 'CVaR'"),
        ("no backtest", "is a regime, not a forecast"),
    ],
)
def test_wrong_usage_exits_two_and_says_what_is_right(done, name, message):
    shown = done(name)
    assert (shown.returncode, shown.stdout) == (2, "")
    assert message in shown.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no such desk", "none.toml: no such file"),
        ("faulty", "positions.csv row 3, quantity: found 'x'"),
        ("faulty", "positions.csv row 4, book: blank"),
    ],
)
def test_faulty_inputs_exit_three_with_every_issue(done, name, message):
    shown = done(name)
    assert (shown.returncode, shown.stdout) == (3, "")
    assert message in shown.stderr


def test_check_of_faulty_inputs_exits_three_and_lists_them(done):
    shown = done("faulty check json")
    assert shown.returncode == 3
    rows = json.loads(shown.stdout)["rows"]
    errors = [(r["code"], r["row"]) for r in rows if r["level"] == "error"]
    assert sorted(errors) == [("bad-number", "3"), ("missing-value", "4")]


def test_partial_table_exits_three_and_says_what_is_missing(done):
    shown = done("partial")
    assert shown.returncode == 3
    (row,) = json.loads(shown.stdout)["rows"]
    assert (row["tier"], row["net"]) == ("memory", 10_000.0)
    assert "2 positions were left out" in shown.stderr
    assert "positions.csv row 3, quantity: found 'x'" in shown.stderr


def test_partial_run_exits_three(done):
    shown = done("partial run")
    assert shown.returncode == 3
    (row,) = json.loads(shown.stdout)["rows"]
    assert (row["status"], row["left_out"]) == ("partial", 2)


def test_run_on_quarantined_prices_exits_three(done):
    """A price was refused: `check` calls that an error, and so must `run`."""
    assert done("partial prices").returncode == 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unknown scenario", "no scenario 'lonee'; did you mean 'lone'?"),
        ("unknown driver", "did you mean 'memory'?"),
        ("no history", "no window of 1 sessions up to 2026-05-29 has a driver's"),
        ("impossible fall", "core.memory is -1.5, a simple return above -1 is needed"),
    ],
)
def test_wrong_scenario_exits_four(done, name, message):
    shown = done(name)
    assert (shown.returncode, shown.stdout) == (4, "")
    assert message in shown.stderr


@pytest.mark.parametrize("name", ["table into a file", "run into a file"])
def test_out_that_cannot_be_written_exits_five(done, name, tmp):
    shown = done(name)
    assert shown.returncode == 5
    assert str(tmp / "file") in shown.stderr
    assert (tmp / "file").read_text("utf-8") == "not a folder"
