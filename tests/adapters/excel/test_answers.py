"""Every function of the registry beside the Python API: every cell, to the last bit."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.adapters.excel.calling import call
from riskplugin.adapters.excel.cells import Code, ExcelError, answer_cells
from riskplugin.adapters.excel.registry import FUNCTIONS
from riskplugin.adapters.excel.session import Session

SCENARIO = "inventory_build"
HEADER = ["book", "instrument", "quantity", "price"]
LOTS = [
    ["memory_semis", "MU", 1000.0, None],
    ["memory_semis", "000660.KS", -250.0, None],
    ["new", "NVDA", 300.0, 150.0],
    ["new", "TAO", 40.0, None],
]
RANGE = [HEADER, *LOTS]
DAY = dt.date(2026, 5, 27)
SERIAL = 46169.0
STRESS = ["pnl", "low", "high"]
BOOKS = ["all", "memory_semis", RANGE]
NAMES = ["all", "a book", "a range"]


@pytest.fixture(scope="module")
def session(trimmed_desk):
    return Session(str(trimmed_desk))


@pytest.fixture(scope="module")
def lenient(trimmed, tmp_path_factory):
    """A session of the desk that leaves bad rows out."""
    return Session(str(trimmed(tmp_path_factory.mktemp("lenient"), "quarantine")))


@pytest.fixture(scope="module")
def whole(trimmed_desk):
    return rp.load_desk(trimmed_desk)


@pytest.fixture
def ask(session):
    """Return a function that calls a function of the registry; one cell is bare."""

    def asked(name, *arguments, of=session):
        cells = call(FUNCTIONS[name], arguments, of)
        return cells if FUNCTIONS[name].spills else cells[0][0]

    return asked


@pytest.fixture(params=BOOKS, ids=NAMES)
def positions(request):
    return request.param


@pytest.fixture
def held(whole, positions):
    """Return the desk that Python has for the same positions."""
    if positions == "all":
        return whole
    if isinstance(positions, str):
        return rp.with_positions(whole, positions)
    return rp.with_positions(whole, pd.DataFrame(positions[1:], columns=positions[0]))


def bits(cells):
    """Return cells so that equal is equal to the last bit, and errors are by code."""
    return [[bit(cell) for cell in row] for row in cells]


def bit(cell):
    if isinstance(cell, ExcelError):
        return cell.code
    return cell.hex() if isinstance(cell, float) else cell


def same(cells, frame, columns=None):
    """Whether cells are a table of the API, in some of its columns."""
    names = list(columns or frame.columns)
    wanted = [answer_cells(value)[0][0] for name in names for value in frame[name]]
    rows = [wanted[i :: len(frame)] for i in range(len(frame))]
    assert bits(cells) == bits([names, *rows])


# --- every function -------------------------------------------------------------------


def test_stress_pnl(ask, held, positions):
    total = rp.stress(held, by="scenario").set_index("scenario")["pnl"]
    tiers = rp.stress(held, by=("scenario", "tier"))
    for name, pnl in total.items():
        assert bit(ask("RISK_STRESS_PNL", positions, name)) == bit(pnl)
        assert bit(ask("RISK_STRESS_PNL", positions, name, "total")) == bit(pnl)
    for row in tiers.itertuples():
        found = ask("RISK_STRESS_PNL", positions, row.scenario, row.tier)
        assert bit(found) == bit(row.pnl)


@pytest.mark.parametrize("by", [None, "tier", "book", "link", "instrument"])
def test_stress_table(ask, held, positions, by):
    found = rp.stress(held, SCENARIO, by=("scenario", by or "tier"))
    cells = ask("RISK_STRESS_TABLE", positions, SCENARIO, by)
    same(cells, found.drop(columns="scenario"))


def test_stress_table_by_position_and_in_total(ask, held, positions):
    keys = ("scenario", "position", "book", "instrument")
    found = rp.stress(held, SCENARIO, by=keys).drop(columns="scenario")
    same(ask("RISK_STRESS_TABLE", positions, SCENARIO, "position"), found)
    total = rp.stress(held, SCENARIO, by="scenario")
    same(ask("RISK_STRESS_TABLE", positions, SCENARIO, "TOTAL"), total)


@pytest.mark.parametrize("by", ["tier", "book", "link", "instrument"])
def test_stress_grid(ask, held, positions, by):
    cells = ask("RISK_STRESS_GRID", positions, None, by)
    tall = rp.stress(held, by=("scenario", by))
    total = rp.stress(held, by="scenario")
    labels = list(dict.fromkeys(tall[by]))
    assert cells[0] == ["scenario", *labels, "total"]
    pnl = {(r.scenario, getattr(r, by)): r.pnl for r in tall.itertuples()}
    wanted = [
        [name, *(pnl[name, label] for label in labels), sum_of]
        for name, sum_of in zip(total["scenario"], total["pnl"], strict=True)
    ]
    assert bits(cells[1:]) == bits(wanted)


@pytest.mark.parametrize(
    "asked", ["{1}, {0}", [["{1}"], ["{0}"], [None]], [["{1}", "{0}"]]]
)
def test_stress_grid_of_some_scenarios_in_the_order_asked(ask, whole, asked):
    names = ("inventory_build", whole.scenarios.names()[0])
    if isinstance(asked, str):
        chosen = asked.format(*names)
    else:
        chosen = [[c and c.format(*names) for c in row] for row in asked]
    every = {row[0]: row for row in ask("RISK_STRESS_GRID", "all")}
    cells = ask("RISK_STRESS_GRID", "all", chosen)
    assert bits(cells[1:]) == bits([every[names[1]], every[names[0]]])


@pytest.mark.parametrize("n", [None, 1, 3, 10_000])
def test_stress_worst(ask, held, positions, n):
    found = rp.stress(held, by="scenario").sort_values("pnl", kind="stable")
    cells = ask("RISK_STRESS_WORST", positions, n)
    same(cells, found.head(n or 5), ["scenario", *STRESS])


def test_scenario_list(ask, whole):
    found = rp.scenario_list(whole)
    same(ask("RISK_SCENARIO_LIST"), found)
    for family in dict.fromkeys(found["family"]):
        cells = ask("RISK_SCENARIO_LIST", family.upper())
        same(cells, found[found["family"] == family])


@pytest.mark.parametrize("by", ["tier", "driver", "instrument"])
def test_scenario_shocks(ask, whole, by):
    found = rp.shocks(whole, scenarios=SCENARIO, by=by).drop(columns="scenario")
    same(ask("RISK_SCENARIO_SHOCKS", SCENARIO, by), found)
    same(ask("RISK_SCENARIO_SHOCKS", SCENARIO.upper(), by), found)


def test_exposure(ask, held, positions):
    found = rp.exposures(held, "tier")
    measures = [c for c in found.columns if c != "tier"]
    for row in found.to_dict("records"):
        for measure in measures:
            wanted = answer_cells(row[measure])[0][0]
            given = ask("RISK_EXPOSURE", positions, row["tier"], measure)
            if isinstance(wanted, float | ExcelError):
                assert bit(given) == bit(wanted)
    total = rp.exposures(held, by=())["net"].iloc[0]
    assert bit(ask("RISK_EXPOSURE", positions, "total")) == bit(float(total))


@pytest.mark.parametrize("by", [None, "book", "link", "instrument"])
def test_exposure_table(ask, held, positions, by):
    same(ask("RISK_EXPOSURE_TABLE", positions, by), rp.exposures(held, by or "tier"))


def test_exposure_table_in_total(ask, held, positions):
    same(ask("RISK_EXPOSURE_TABLE", positions, "total"), rp.exposures(held, by=()))


@pytest.mark.parametrize("driver", [None, "memory", "crypto", "equity"])
def test_beta(ask, whole, driver):
    name = driver or "memory"
    found = rp.loadings(whole, name)
    for row in found.to_dict("records"):
        beta = row[f"total_{name}_beta"]
        given = ask("RISK_BETA", row["instrument"], driver)
        assert bit(given) == bit(answer_cells(beta)[0][0])
    alias, own = ask("RISK_BETA", "000660 KS Equity"), ask("RISK_BETA", "000660.KS")
    assert bit(alias) == bit(own)


@pytest.mark.parametrize("driver", [None, "crypto"])
def test_beta_table(ask, held, positions, driver):
    name = driver or "memory"
    found = rp.loadings(held, name)
    mine = found[found["instrument"].isin(held.book.labels["instrument"].names)]
    columns = ["instrument", "tier", f"total_{name}_beta", "standard_error", "windows"]
    columns += ["residual_volatility", "provenance"]
    same(ask("RISK_BETA_TABLE", positions, driver), mine, columns)


@pytest.mark.parametrize("by", [None, "total", "tier", "book"])
def test_stress_path(ask, held, positions, by):
    keys = () if by in (None, "total") else (by,)
    found = rp.stress_path(held, SCENARIO, keys)
    columns = ["session", *keys, "pnl", "low", "high", "cash_called", "margin_called"]
    same(ask("RISK_STRESS_PATH", positions, SCENARIO.upper(), by), found, columns)


@pytest.mark.parametrize("loss", [None, 1e4])
def test_path_table(ask, held, positions, loss):
    found = rp.path_summary(held, loss=loss)
    dropped = [] if loss else ["breach_session"]
    same(ask("RISK_PATH_TABLE", positions, loss), found.drop(columns=dropped))


def test_stress_weighted(ask, held, positions):
    same(ask("RISK_STRESS_WEIGHTED", positions), rp.weighted_stress(held))


def test_stress_by_phase(ask, held, positions):
    found = rp.weighted_stress(held, weights="phase")
    assert found["weighted_scenarios"].tolist() == [2]
    same(ask("RISK_STRESS_BY_PHASE", positions), found)


@pytest.mark.parametrize("driver", [None, "crypto", "all"])
def test_reverse_stress(ask, held, positions, driver):
    named = {None: "memory", "all": None}.get(driver, driver)
    found = rp.reverse_stress(held, 1e4, named)
    same(ask("RISK_REVERSE_STRESS", positions, 1e4, driver), found)
    if named is not None:
        (move,) = found["move"].head(1)
        given = ask("RISK_REVERSE_DISTANCE", positions, 1e4, driver)
        assert bit(given) == bit(answer_cells(float(move))[0][0])


def test_a_loss_that_no_move_makes_is_not_available_and_says_so(ask):
    error = ask("RISK_REVERSE_DISTANCE", "memory_semis", 1e12)
    assert error.code == Code.NOT_AVAILABLE
    assert "no move between -95% and +300% does" in error.reason


def test_worst_case(ask, held, positions):
    same(ask("RISK_WORST_CASE", positions, 2.0), rp.worst_case(held, 2.0))


def test_plausibility(ask, whole):
    same(ask("RISK_PLAUSIBILITY"), rp.plausibility(whole))
    one = rp.plausibility(whole, SCENARIO)
    same(ask("RISK_PLAUSIBILITY", SCENARIO.upper()), one)


def test_regime_table(ask, held, positions):
    found = rp.regimes(held, SCENARIO)
    same(ask("RISK_REGIME_TABLE", positions, SCENARIO), found)


@pytest.mark.parametrize("by", [None, "tier", "total"])
def test_liquidity_funds_and_accounts(ask, held, positions, by):
    keys = {None: "tier", "total": ()}.get(by, by)
    same(ask("RISK_LIQUIDITY_TABLE", positions, by), rp.liquidity_profile(held, keys))
    same(ask("RISK_LOOK_THROUGH_TABLE", positions, by), rp.look_through(held, keys))
    same(ask("RISK_ACCOUNT_TABLE", positions), rp.accounts(held))
    same(ask("RISK_GREEK_TABLE", positions, by), rp.greeks_exposure(held, keys))


def test_nightly_reads_the_last_night_and_explains_it(
    ask, whole, trimmed_desk, tmp_path, monkeypatch
):
    monkeypatch.setenv("RISKPLUGIN_RUNS", "")
    none = ask("RISK_NIGHTLY", "exposure:net")
    assert none.code == Code.NOT_AVAILABLE
    assert "set RISKPLUGIN_RUNS" in none.reason
    monkeypatch.setenv("RISKPLUGIN_RUNS", str(tmp_path))
    reports = [rp.run(rp.load_desk(trimmed_desk, DAY)), rp.run(whole)]
    for number, report in enumerate(reports):
        folder = tmp_path / f"as_of={report.as_of}" / f"run={report.run_id}"
        rp.write_run(report, folder)
        found = ask("RISK_NIGHTLY", "exposure:net")
        wanted = float(rp.exposures(whole, ())["net"].iloc[0])
        assert number == 0 or found == pytest.approx(wanted, rel=1e-12)
        if number == 0:
            lone = ask("RISK_NIGHTLY_EXPLAIN", "exposure:net")[0][0]
            assert "there is none before it" in lone.reason
    of_tier = rp.exposures(whole, "tier").set_index("tier").loc["memory", "net"]
    assert bit(ask("RISK_NIGHTLY", "exposure:net", "tier:memory")) == bit(of_tier)
    moved = rp.explain(*reports)
    metric = f"stress:{SCENARIO}"
    rows = moved[moved["metric"] == metric].drop(columns="metric")
    same(ask("RISK_NIGHTLY_EXPLAIN", metric.upper()), rows)
    assert ask("RISK_NIGHTLY_EXPLAIN", "stress:nothing")[0][0].code == (
        Code.NOT_AVAILABLE
    )


def test_doctor(ask, whole):
    same(ask("RISK_DOCTOR_TABLE"), rp.doctor(whole))


def test_cycle(ask, whole):
    found = rp.cycle_monitor(whole)
    same(ask("RISK_CYCLE_TABLE"), found)
    same(ask("RISK_CYCLE_RECORD"), found.record)
    assert ask("RISK_CYCLE_PHASE") == found.phase
    for row in found.itertuples():
        given = ask("RISK_CYCLE_SIGNAL", row.signal.upper())
        if row.state == "unknown":
            assert given.code == Code.NOT_AVAILABLE
            assert given.reason == row.evidence
        else:
            assert bit(given) == bit(answer_cells(row.reading)[0][0])


@pytest.mark.parametrize("by", [None, "tier"])
def test_replay_table(ask, held, positions, by):
    keys = ("episode",) if by is None else ("episode", by)
    same(ask("RISK_REPLAY_TABLE", positions, by), rp.replay(held, by=keys))


def test_scenario_evidence(ask, whole):
    same(ask("RISK_SCENARIO_EVIDENCE"), rp.claims(whole))
    found = rp.evidence_for(whole, "narrative_unwind")
    same(ask("RISK_SCENARIO_EVIDENCE", "Narrative_Unwind"), found)


HOW = [
    ("CVaR", 0.05, "historical", 1),
    ("evar", 0.1, "age_weighted", 5),
    ("volatility", 0.05, "FILTERED", 10),
]


@pytest.mark.parametrize("asked", HOW, ids=lambda asked: asked[0])
def test_measure_and_contributions(ask, held, positions, asked):
    measure, alpha, method, horizon = asked
    how = {"horizon_sessions": horizon, "method": method.casefold()}
    given = (alpha, method, horizon)
    found = rp.measures(held, measure, alpha, by="tier", **how)
    total = found["total"].iloc[0]
    assert bit(ask("RISK_MEASURE", positions, measure, *given)) == bit(total)
    columns = ["component", "share", "marginal", "incremental", "standalone"]
    cells = ask("RISK_CONTRIBUTION", positions, measure, None, *given)
    same(cells, found, ["tier", *columns, "own_history"])
    factors = rp.factor_risk(held, measure, alpha, **how)
    same(ask("RISK_FACTOR_RISK", positions, measure, *given), factors)


def test_measures_by_default_and_by_other_keys(ask, held, positions):
    found = rp.measures(held, None, by=())
    columns = ["measure", "total", "total_pct_nav", "own_history"]
    columns.append("independent_scenarios")
    same(ask("RISK_MEASURE_TABLE", positions), found, columns)
    some = rp.measures(held, ["VaR", "MDD"], by=())
    same(ask("RISK_MEASURE_TABLE", positions, "VaR, mdd"), some, columns)
    keys = ["position", "book", "instrument"]
    by_position = rp.measures(held, "VaR", by=keys)
    parts = ["component", "share", "marginal", "incremental", "standalone"]
    cells = ask("RISK_CONTRIBUTION", positions, "VaR", "position")
    same(cells, by_position, [*keys, *parts, "own_history"])
    whole = rp.measures(held, "VaR", by=())
    cells = ask("RISK_CONTRIBUTION", positions, "VaR", "total")
    same(cells, whole, [*parts, "own_history"])


def test_samples(ask, held, positions):
    same(ask("RISK_SAMPLE_TABLE", positions), rp.samples(held))


def test_backtest(ask, whole):
    found = rp.backtest(whole, 0.95, method="filtered")
    same(ask("RISK_BACKTEST", "all", 0.95, "filtered"), found)


@pytest.mark.parametrize("dataset", [None, "prices", "fx"])
def test_data_status(ask, whole, dataset):
    same(ask("RISK_DATA_STATUS", dataset), rp.data_status(whole, dataset))


def test_as_of(ask, whole):
    assert ask("RISK_ASOF") == answer_cells(whole.as_of)[0][0]
    last = rp.data_status(whole).set_index("dataset")["last"]
    assert ask("RISK_ASOF", "Prices") == answer_cells(last["prices"])[0][0]


def test_check(ask, held, positions):
    header, *rows = ask("RISK_CHECK", positions)
    assert header[:2] == ["level", "code"]
    if positions == RANGE:
        assert len(rows) == len(
            [i for i in held.issues if i.where.source in ("positions", "nav")]
        )


def test_version(ask):
    assert ask("RISK_VERSION") == rp.__version__


# --- on another date ------------------------------------------------------------------


@pytest.mark.parametrize("asof", [DAY, SERIAL, DAY.isoformat(), int(SERIAL)])
def test_a_date_is_a_date_however_it_is_written(ask, trimmed_desk, asof):
    then = rp.load_desk(trimmed_desk, DAY)
    (wanted,) = rp.stress(then, SCENARIO, by="scenario")["pnl"]
    assert bit(ask("RISK_STRESS_PNL", "all", SCENARIO, None, asof)) == bit(wanted)
    assert ask("RISK_STRESS_PNL", "all", SCENARIO) != wanted


# --- what is not known ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "hint"),
    [
        ("RISK_STRESS_PNL", ("all", "inventory_bild"), "'inventory_build'"),
        ("RISK_STRESS_PNL", ("all", SCENARIO, "memry"), "'memory'"),
        ("RISK_STRESS_PNL", ("memory_semi", SCENARIO), "'memory_semis'"),
        ("RISK_STRESS_TABLE", ("all", "inventory_bild"), "'inventory_build'"),
        ("RISK_STRESS_TABLE", ("all", SCENARIO, "teir"), "'tier'"),
        ("RISK_STRESS_GRID", ("all", "inventory_bild"), "'inventory_build'"),
        ("RISK_SCENARIO_LIST", ("revrsal",), "there is no family"),
        ("RISK_SCENARIO_SHOCKS", ("inventory_bild",), "'inventory_build'"),
        ("RISK_EXPOSURE", ("all", "memry"), "'memory'"),
        ("RISK_EXPOSURE", ("all", "memory", "grss"), "'gross'"),
        ("RISK_BETA", ("MUU",), "'MU'"),
        ("RISK_ASOF", ("price",), "'prices'"),
        ("RISK_BETA", ("MU", "memry"), "'memory'"),
        ("RISK_DATA_STATUS", ("price",), "'prices'"),
        ("RISK_MEASURE", ("all", "CVARR"), "'CVaR'"),
        ("RISK_CONTRIBUTION", ("all", "CVaR", "teir"), "'tier'"),
        ("RISK_FACTOR_RISK", ("all", "CVaR", None, "reversl"), "'reversal'"),
    ],
)
def test_unknown_names_are_not_available_and_the_reason_hints(
    ask, name, arguments, hint
):
    found = ask(name, *arguments)
    error = found[0][0] if FUNCTIONS[name].spills else found
    assert error.code == Code.NOT_AVAILABLE
    assert hint in error.reason
    why = ask("RISK_WHY", name.lower(), *arguments)
    assert why == f"#N/A: {error.reason}"


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("RISK_VERSION",), "nothing is wrong"),
        (("RISK_STRESS_PNL", "all", SCENARIO), "nothing is wrong"),
        (("RISK_STRESS_WORST", "all"), "nothing is wrong"),
        (("RISK_BETA",), "instrument is missing"),
        (("RISK_BETA", "MU", None, None, "x"), "RISK_BETA takes 3 arguments"),
        (("RISK_STRESS_WORST", "all", 0.5), "#NUM!: n: 1, 2, 3"),
        (("RISK_STRESS_PNL", "all", "#N/A"), "scenario is itself the error #N/A"),
        (("RISK_EXPOSURE_TABLE", RANGE, "book"), "pct_nav is #N/A in 1 of 2 rows"),
    ],
)
def test_why_says_what_is_wrong(ask, arguments, match):
    assert match in ask("RISK_WHY", *arguments)


def test_why_of_a_function_that_is_not(ask):
    error = ask("RISK_WHY", "RISK_BETTA")
    assert error.code == Code.NOT_AVAILABLE
    assert "'RISK_BETA'" in error.reason


def test_a_tier_not_held_is_nothing_and_an_unknown_scenario_is_still_unknown(ask):
    lot = [["instrument", "quantity"], ["TAO", 1.0]]
    assert ask("RISK_STRESS_PNL", lot, SCENARIO, "memory") == 0.0
    assert ask("RISK_EXPOSURE", lot, "memory") == 0.0
    assert ask("RISK_EXPOSURE", lot, "memory", "gross") == 0.0
    assert ask("RISK_EXPOSURE", lot, "memory", "hhi").code == Code.NOT_AVAILABLE
    unknown = ask("RISK_STRESS_PNL", lot, "no such thing", "memory")
    assert unknown.code == Code.NOT_AVAILABLE


# --- ranges ---------------------------------------------------------------------------


def pnl(ask, rows, header=("instrument", "quantity"), **more):
    return ask("RISK_STRESS_PNL", [list(header), *rows], SCENARIO, **more)


@pytest.mark.parametrize("bad", ["#N/A", "#DIV/0!", -2146826281, "n/a", "#SPILL!"])
@pytest.mark.parametrize("column", [0, 1])
def test_an_error_cell_is_no_smaller_number(ask, lenient, bad, column):
    row = ["NVDA", 2.0]
    row[column] = bad
    rows = [["MU", 1.0], row]
    found = pnl(ask, rows)
    assert found.code == Code.VALUE
    assert "row 3" in found.reason
    assert bit(pnl(ask, rows, of=lenient)) == bit(pnl(ask, rows[:1]))
    cells = ask("RISK_CHECK", [["instrument", "quantity"], *rows], of=lenient)
    assert any("3" in row for row in cells[1:])


def test_unknown_instruments_stop_or_are_left_out(ask, lenient):
    rows = [["MU", 1.0], ["Nobody", 5.0]]
    assert pnl(ask, rows).code == Code.VALUE
    assert bit(pnl(ask, rows, of=lenient)) == bit(pnl(ask, rows[:1]))


def test_numbers_that_are_texts_are_numbers(ask):
    assert bit(pnl(ask, [["MU", "1000"]])) == bit(pnl(ask, [["MU", 1000.0]]))


def test_blank_rows_and_order_of_columns_do_not_matter(ask):
    plain = pnl(ask, [["MU", 7.0], ["NVDA", -2.0]])
    rows = [["MU", 7.0], [None, None], ["NVDA", -2.0], [None, None]]
    assert bit(pnl(ask, rows)) == bit(plain)
    turned = [list(reversed(row)) for row in rows]
    assert bit(pnl(ask, turned, ("quantity", "instrument"))) == bit(plain)


def test_a_price_of_its_own_counts(ask):
    header = ("instrument", "quantity", "price")
    once, twice = (pnl(ask, [["MU", 10.0, p]], header) for p in (50.0, 100.0))
    assert twice == pytest.approx(2 * once, rel=1e-12)
    assert twice != pnl(ask, [["MU", 10.0]])


def test_locked_until_may_be_a_serial_a_date_or_a_text(ask, whole):
    header = ["instrument", "quantity", "locked_until"]
    later = dt.date(2026, 12, 31)
    serial = float((later - dt.date(1899, 12, 30)).days)
    frame = pd.DataFrame([["sheet", "TAO", 10.0, later.isoformat()]])
    held = rp.with_positions(whole, frame.set_axis(["book", *header], axis=1))
    assert len(held.issues) <= 1  # no NAV for the book
    wanted = rp.stress(held, SCENARIO, by=("scenario", "tier"))
    for day in (later, serial, later.isoformat()):
        cells = ask("RISK_STRESS_TABLE", [header, ["TAO", 10.0, day]], SCENARIO)
        same(cells, wanted.drop(columns="scenario"))


def test_columns_go_by_our_names_or_the_desks(trimmed, tmp_path, ask):
    path = trimmed(tmp_path)
    text = path.read_text("utf-8")
    mapped = '{path = "positions.csv", columns = {quantity = "Qty", book = "Fund"}}'
    text = text.replace('positions = "positions.csv"', f"positions = {mapped}")
    path.write_text(text, "utf-8")
    own = tmp_path / "positions.csv"
    lines = own.read_text("utf-8").replace(
        "book,instrument,quantity", "Fund,instrument,Qty", 1
    )
    own.write_text(lines, "utf-8")
    mapping = Session(str(path))
    wanted = pnl(ask, [["MU", 5.0]])
    assert bit(pnl(ask, [["MU", 5.0]], of=mapping)) == bit(wanted)
    assert bit(pnl(ask, [["MU", 5.0]], ("instrument", "Qty"), of=mapping)) == bit(
        wanted
    )
    assert bit(pnl(ask, [["MU", 5.0]], ("instrument", "QTY"), of=mapping)) == bit(
        wanted
    )
    header = ("instrument", "Qty", "Fund")
    table = [list(header), ["MU", 5.0, "mine"]]
    cells = ask("RISK_STRESS_TABLE", table, SCENARIO, "book", of=mapping)
    assert cells[1][0] == "mine"


@pytest.mark.parametrize(
    "rows", [[["a", "b"]], [[1.0, 2.0], [3.0, 4.0]], [["x", "y"], [1.0, 2.0]]]
)
def test_what_is_no_table_of_positions_is_refused(ask, rows):
    assert ask("RISK_STRESS_PNL", rows, SCENARIO).code == Code.VALUE


def test_names_go_by_any_case(ask):
    for name in ("ALL", "All"):
        assert ask("RISK_STRESS_PNL", name, SCENARIO) == ask(
            "RISK_STRESS_PNL", "all", SCENARIO
        )
    upper = ask("RISK_STRESS_PNL", "MEMORY_SEMIS", SCENARIO.upper(), "MEMORY")
    assert upper == ask("RISK_STRESS_PNL", "memory_semis", SCENARIO, "memory")


def test_every_function_is_asked_here():
    text = Path(__file__).read_text("utf-8")
    assert [name for name in FUNCTIONS if f'ask("{name}"' not in text] == []


# --- what trades would do -------------------------------------------------------------

TRADES = [
    ["idea", "book", "instrument", "quantity"],
    ["less", "memory_semis", "MU", -500.0],
    ["less", "memory_semis", "000660.KS", 40.0],
]
IDEAS = [*TRADES, ["more", "memory_semis", "MU", 10.0]]


@pytest.mark.parametrize("scenario", [None, SCENARIO])
def test_what_if(ask, held, positions, scenario):
    trades = pd.DataFrame(TRADES[1:], columns=TRADES[0])
    found = rp.what_if(held, trades, scenarios=scenario)
    same(ask("RISK_WHATIF", positions, TRADES, scenario), found)


@pytest.mark.parametrize("scenario", [None, SCENARIO])
def test_what_if_rank(ask, held, positions, scenario):
    ideas = pd.DataFrame(IDEAS[1:], columns=IDEAS[0])
    found = rp.rank_trades(held, ideas, scenario)
    same(ask("RISK_WHATIF_RANK", positions, IDEAS, scenario), found)


def test_trades_that_cannot_be_are_errors_with_reasons(ask):
    wrong = [TRADES[0], ["less", "memory_semis", "MUU", -500.0]]
    assert ask("RISK_WHATIF", "all", wrong)[0][0].code is Code.VALUE
    why = ask("RISK_WHY", "RISK_WHATIF", "all", wrong)
    assert "no table knows 'MUU'" in why
    why = ask("RISK_WHY", "RISK_WHATIF", "all", "MU")
    assert "trades: a range with a header row is needed" in why


LIMITS = [
    ["metric", "scope", "soft", "hard", "unit", "direction", "scenario"],
    ["gross", "total", 1.0, 2.0, "base", "max", None],
    ["net", "total", 1e12, 2e12, "base", "max", None],
    ["net", "total", -1e12, -2e12, "base", "min", None],
    ["stress_loss", "tier:memory", 1e12, 2e12, "base", "max", "worst"],
    ["gross", "book:market_neutral", 1.0, 2.0, "nav", "max", None],
]
HIDDEN = ["since", "waiver_until", "headroom_money"]


def test_limits_of_a_range(ask, held, positions):
    frame = pd.DataFrame(LIMITS[1:], columns=LIMITS[0])
    found = rp.check_limits(held, limits=frame)
    assert set(found["status"]) >= {"BREACH", "OK"}
    same(ask("RISK_LIMIT_TABLE", positions, LIMITS), found.drop(columns=HIDDEN))


def test_a_date_of_a_range_of_limits_may_be_a_serial(ask):
    header = [*LIMITS[0], "waiver_until", "reason"]
    rows = [header, [*LIMITS[1], 46203.0, "agreed"]]  # 2026-06-30
    (_, cells) = ask("RISK_LIMIT_TABLE", "all", rows)
    assert cells[-1] == "waiver until 2026-06-30; agreed"


def test_mistakes_of_a_range_of_limits_are_said(ask):
    wrong = [LIMITS[0], ["gros", *LIMITS[1][1:]]]
    error = ask("RISK_LIMIT_TABLE", "all", wrong)[0][0]
    assert error.code == Code.VALUE
    assert "did you mean 'gross'" in error.reason
    error = ask("RISK_LIMIT_TABLE", "all", "gross")[0][0]
    assert "a range with a header row is needed" in error.reason


@pytest.fixture(scope="module")
def limited(trimmed, tmp_path_factory):
    """A session of a desk that has limits, and that desk."""
    path = trimmed(tmp_path_factory.mktemp("limited"))
    rows = pd.DataFrame(LIMITS[1:], columns=LIMITS[0])
    rows.to_csv(path.parent / "limits.csv", index=False)
    text = path.read_text("utf-8")
    head = '[tables]\nlimits = "limits.csv"'
    text = text.replace("[tables]", head).replace("market_neutral = 120e6", "")
    path.write_text(text, "utf-8")
    return Session(str(path)), rp.load_desk(path)


def test_headroom_of_one_limit(ask, limited):
    session, desk = limited
    found = rp.check_limits(desk)
    same(ask("RISK_LIMIT_TABLE", "all", of=session), found.drop(columns=HIDDEN))
    rows = found.set_index(["metric", "scope", "direction"])["headroom"]
    for name, key in {
        "gross total": ("gross", "total", "max"),
        "GROSS  Total": ("gross", "total", "max"),
        "gross total base": ("gross", "total", "max"),
        "net total max": ("net", "total", "max"),
        "net total base min": ("net", "total", "min"),
        "stress_loss tier:memory worst": ("stress_loss", "tier:memory", "max"),
    }.items():
        assert bit(ask("RISK_LIMIT_HEADROOM", "all", name, of=session)) == bit(
            float(rows[key])
        )


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("gros total", "there is no limit 'gros total'; did you mean 'gross total'"),
        ("net total", "may be several limits: net total base max, net total base min"),
        ("gross book:market_neutral", "no NAV is given of market_neutral"),
    ],
)
def test_headroom_that_cannot_be_told_says_why(ask, limited, name, match):
    session, _ = limited
    error = ask("RISK_LIMIT_HEADROOM", "all", name, of=session)
    assert error.code == Code.NOT_AVAILABLE
    assert match in error.reason
    why = ask("RISK_WHY", "RISK_LIMIT_HEADROOM", "all", name, of=session)
    assert match in why


# --- hedges ---------------------------------------------------------------------------

MENU = [
    ["instrument", "side", "half_spread_bps", "lot"],
    ["MU", "sell", 2.0, 10.0],
    ["NVDA", "both", 1.0, 100.0],
]
TRADED = ["instrument", "side", "quantity", "traded_value", "trade_cost"]


def test_a_hedge_is_that_of_python_with_losses_beside_it(ask, whole):
    menu = pd.DataFrame(MENU[1:], columns=MENU[0])
    loss = -rp.stress(whole, SCENARIO, by="scenario")["pnl"].iloc[0]
    found = rp.hedge(whole, SCENARIO, menu, max_loss=0.5 * loss)
    assert found.outcome == "met"
    trades = found.to_frame()[TRADED].assign(
        loss_before=found.scenarios["loss_before"].iloc[0],
        loss_after=found.scenarios["loss_after"].iloc[0],
    )
    same(ask("RISK_HEDGE", "all", SCENARIO, MENU, 0.5 * loss), trades)


def test_a_hedge_that_is_not_needed_is_a_row_of_none(ask):
    (_, cells) = ask("RISK_HEDGE", "all", SCENARIO, MENU, 1e12)
    assert cells[:5] == ["none", "", 0.0, 0.0, 0.0]
    assert cells[5] == cells[6]


def test_a_hedge_for_a_budget(ask):
    head, *cells = ask("RISK_HEDGE", "all", SCENARIO, MENU, None, 1_000.0)
    assert sum(row[head.index("trade_cost")] for row in cells) <= 1_000.0


def test_a_limit_out_of_reach_is_an_error_with_its_reason(ask):
    capped = [[*MENU[0], "max_units"], [*MENU[1], 10.0], [*MENU[2], 100.0]]
    error = ask("RISK_HEDGE", "all", SCENARIO, capped, 1.0)[0][0]
    assert error.code == Code.NUMBER
    assert "as large as allowed" in error.reason


@pytest.mark.parametrize(
    ("menu", "limit", "words"),
    [
        (MENU, None, "no limit on the loss in"),
        (None, 1.0, "no hedges"),
        ([MENU[0], ["MUU", "sell", 1.0, 1.0]], 1.0, "no table knows 'MUU'"),
        ("MU", 1.0, "a range with a header row is needed"),
    ],
)
def test_what_a_hedge_cannot_be_asked(ask, menu, limit, words):
    error = ask("RISK_HEDGE", "all", SCENARIO, menu, limit)[0][0]
    assert words in error.reason
