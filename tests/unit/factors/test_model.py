"""The fitted model of synthetic desks: against statsmodels, closed forms and laws."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.factors.model import fit
from tests.oracles import instrumented, spread_beyond

ROWS = 420
HALF_LIFE = 150
NO_DRIVERS = {"memory": [], "ai_compute": [], "crypto": [], "equity": []}


def walk(rng, rows, columns=1, volatility=0.02):
    """Log prices of `columns` random walks, shape (rows, columns)."""
    return np.cumsum(rng.standard_t(5, (rows, columns)) * volatility, axis=0)


def table_of(logs, end="2026-05-29"):
    """A wide table of the exponentials of `logs`, by weekday up to `end`."""
    rows = len(next(iter(logs.values())))
    dates = pd.bdate_range(end=end, periods=rows)
    return pd.DataFrame({"date": dates, **{k: np.exp(v) for k, v in logs.items()}})


def desk_of(prices, tiers, drivers, *, fx=None, base="USD", currency=None, **figures):
    """A desk that holds the first instrument and knows those of `tiers` alone."""
    known = pd.DataFrame(
        {
            "instrument": list(tiers),
            "tier": list(tiers.values()),
            "asset_class": ["equity"] * len(tiers),
            "currency": [(currency or {}).get(name, "USD") for name in tiers],
        }
    )
    held = pd.DataFrame(
        {"book": ["b"], "instrument": [next(iter(tiers))], "quantity": [1.0]}
    )
    settings = {
        "base_currency": base,
        "drivers": NO_DRIVERS | drivers,
        "universe": "replace",
        "scenario_library": "replace",
        "half_life": HALF_LIFE,
        **figures,
    }
    return rp.desk_from_tables(held, prices, known, fx, settings=settings)


def row(model, name):
    """The row of an instrument, or of a currency after the instruments."""
    if name in model.instruments:
        return model.instruments.index(name)
    return len(model.instruments) + model.currencies.index(name)


def windows(prices, *names):
    """Log returns of columns of a table without gaps, (2, T - 7, N).

    Over five sessions, and over the seven that have these in their middle.
    """
    logs = np.log(prices[list(names)].to_numpy())
    return np.stack([logs[6:-1] - logs[1:-6], logs[7:] - logs[:-7]])


def halving(rows, half_life=HALF_LIFE):
    return 0.5 ** (np.arange(rows)[::-1] / half_life)


def fitted(y, x):
    """The regression of windows (2, T, 1) on (2, T, J) by statsmodels."""
    return instrumented(y[:, :, 0], x, halving(y.shape[1]))


def peer(y, x):
    """Its slopes and residual volatility a session."""
    found = fitted(y, x)
    return found.slopes, np.sqrt(found.variance / 5)


@pytest.fixture
def rng():
    return np.random.default_rng(20260529)


@pytest.fixture
def theme(rng):
    """One driver, two names of one tier that hang on it, and a name without a tier."""
    index = walk(rng, ROWS)[:, 0]
    noise = walk(rng, ROWS, 3, 0.01).T
    logs = {
        "INDEX": index,
        "A": 0.8 * index + noise[0],
        "B": 1.9 * index + 2 * noise[1],
        "OTHER": 0.3 * index + noise[2],
    }
    tiers = {"A": "tokens", "B": "tokens", "INDEX": "yardstick", "OTHER": "others"}
    return logs, tiers


def test_one_and_a_half_times_the_only_driver(rng):
    index = walk(rng, ROWS)[:, 0]
    prices = table_of({"INDEX": index, "LEVERED": 0.4 + 1.5 * index})
    desk = desk_of(prices, {"LEVERED": "t", "INDEX": "y"}, {"equity": ["INDEX"]})
    model = fit(desk)
    levered = row(model, "LEVERED")
    assert model.drivers == ("equity",)
    assert model.loadings[levered, 0] == pytest.approx(1.5, rel=1e-10)
    assert model.loadings[row(model, "INDEX"), 0] == pytest.approx(1, rel=1e-12)
    assert model.provenance[levered] == "own"
    assert model.volatility[levered] == 0
    assert model.windows[levered] == ROWS - 7
    np.testing.assert_allclose(model.errors[levered], [[0]], atol=1e-20)


def test_tier_of_multiples_of_the_driver_is_its_own(rng):
    # Exactly known loadings are not shrunk, were there ever so many and so alike.
    index = walk(rng, ROWS)[:, 0]
    logs = {"INDEX": index} | {f"X{i}": i + 1.5 * index for i in range(4)}
    tiers = {f"X{i}": "t" for i in range(4)} | {"INDEX": "y"}
    model = fit(desk_of(table_of(logs), tiers, {"memory": ["INDEX"]}))
    for i in range(4):
        assert model.loadings[row(model, f"X{i}"), 0] == pytest.approx(1.5, rel=1e-10)
    assert model.provenance == ("own",) * 6


def test_names_of_a_pair_are_statsmodels_regressions(theme):
    logs, tiers = theme
    prices = table_of(logs)
    model = fit(desk_of(prices, tiers, {"equity": ["INDEX"]}))
    x = windows(prices, "INDEX")
    for name in ("A", "B", "OTHER"):
        slope, volatility = peer(windows(prices, name), x)
        assert model.loadings[row(model, name), 0] == pytest.approx(slope[0], rel=1e-9)
        assert model.volatility[row(model, name)] == pytest.approx(volatility, rel=1e-9)
        assert model.provenance[row(model, name)] == "own"
    variance = np.cov(*x[:, :, 0], aweights=halving(x.shape[1]), ddof=0)[0, 1] / 5
    assert model.covariance[0, 0] == pytest.approx(variance, rel=1e-9)


def test_history_beyond_the_window_is_not_used(theme):
    logs, tiers = theme
    prices = table_of(logs)
    desk = desk_of(prices, tiers, {"equity": ["INDEX"]}, window_sessions=200)
    model, used = fit(desk), prices.tail(205)
    slope, _ = peer(windows(used, "A"), windows(used, "INDEX"))
    assert model.windows[row(model, "A")] == 198
    assert model.loadings[row(model, "A"), 0] == pytest.approx(slope[0], rel=1e-9)


def test_young_name_is_proxied_by_its_tier(theme, rng):
    # 37 prices make 30 windows that have a wider one around them. The tier has two
    # measured names, too few to shrink, so its mean is theirs, and the upper quartile
    # of two is three quarters of the way.
    logs, tiers = theme
    young = 3 * logs["INDEX"] + walk(rng, ROWS, 1, 0.08)[:, 0]
    young[: ROWS - 37] = np.nan
    prices = table_of({**logs, "YOUNG": young})
    desk = desk_of(prices, {**tiers, "YOUNG": "tokens"}, {"equity": ["INDEX"]})
    model = fit(desk)
    x, found = windows(prices, "INDEX"), row(model, "YOUNG")
    (slope_a, low), (slope_b, high) = (
        peer(windows(prices, name), x) for name in ("A", "B")
    )
    assert low < high
    assert model.windows[found] == 30
    assert model.provenance[found] == "proxied"
    assert model.loadings[found, 0] == pytest.approx(
        (slope_a[0] + slope_b[0]) / 2, rel=1e-9
    )
    assert model.volatility[found] == pytest.approx(low + 0.75 * (high - low), rel=1e-9)
    # What is not known of it is what its peers do not know, and how they differ.
    a, b = row(model, "A"), row(model, "B")
    error = (model.errors[a] + model.errors[b]) / 2 + (slope_a - slope_b) ** 2 / 2
    np.testing.assert_allclose(model.errors[found], error, rtol=1e-9)
    assert np.isnan(model.own_loadings[found]).all()


@pytest.mark.parametrize(("prices_of_it", "provenance"), [(66, "proxied"), (67, "own")])
def test_sixty_windows_are_enough(theme, prices_of_it, provenance):
    logs, tiers = theme
    logs["B"][: ROWS - prices_of_it] = np.nan
    model = fit(desk_of(table_of(logs), tiers, {"equity": ["INDEX"]}))
    assert model.windows[row(model, "B")] == prices_of_it - 7
    assert model.provenance[row(model, "B")] == provenance


def test_tier_of_three_is_shrunk_and_lends_its_shrunk_mean(theme, rng):
    logs, tiers = theme
    logs["C"] = 1.2 * logs["INDEX"] + walk(rng, ROWS, 1, 0.03)[:, 0]
    logs["YOUNG"] = np.where(np.arange(ROWS) == ROWS - 1, 1.0, np.nan)
    tiers = {**tiers, "C": "tokens", "YOUNG": "tokens"}
    prices = table_of(logs)
    model = fit(desk_of(prices, tiers, {"memory": ["INDEX"]}))
    x = windows(prices, "INDEX")
    slopes, variances, volatilities = [], [], []
    for name in ("A", "B", "C"):
        y = windows(prices, name)
        slopes.append(fitted(y, x).slopes[0])
        variances.append(fitted(y, x).covariance[0, 0])
        volatilities.append(peer(y, x)[1])
    excess = spread_beyond(slopes, variances)
    weight = excess / (excess + np.array(variances))
    shrunk = np.mean(slopes) + weight * (slopes - np.mean(slopes))
    rows = [row(model, name) for name in ("A", "B", "C")]
    np.testing.assert_allclose(model.loadings[rows, 0], shrunk, rtol=1e-9)
    np.testing.assert_allclose(model.own_loadings[rows, 0], slopes, rtol=1e-9)
    assert [model.provenance[k] for k in rows] == ["shrunk"] * 3
    young = row(model, "YOUNG")
    assert model.windows[young] == 0
    assert model.loadings[young, 0] == pytest.approx(shrunk.mean(), rel=1e-9)
    assert model.volatility[young] == pytest.approx(
        np.quantile(volatilities, 0.75), rel=1e-9
    )


def test_tier_may_bear_any_name(rng):
    # The desk names its tiers; no name of one changes what it is.
    index, *noise = walk(rng, ROWS, 4).T
    names = {"A": 0.5, "B": 1.0, "C": 2.0}
    logs = {n: b * index + e for (n, b), e in zip(names.items(), noise, strict=True)}
    prices = table_of({**logs, "INDEX": index})
    tokens, fx = (
        fit(
            desk_of(
                prices,
                dict.fromkeys(names, tier) | {"INDEX": "yardstick"},
                {"equity": ["INDEX"]},
            )
        )
        for tier in ("tokens", "fx")
    )
    assert tokens.provenance[row(tokens, "A")] == "shrunk"
    for name in names:
        assert fx.loadings[row(fx, name), 0] == pytest.approx(
            tokens.loadings[row(tokens, name), 0], rel=1e-12
        )


def test_name_without_a_measured_peer_is_assumed(theme):
    logs, tiers = theme
    logs["OTHER"][:-1] = np.nan
    prices = table_of(logs)
    model = fit(desk_of(prices, tiers, {"equity": ["INDEX"]}))
    other = row(model, "OTHER")
    assert model.provenance[other] == "assumed"
    x = windows(prices, "INDEX")
    known = [peer(windows(prices, n), x)[0][0] for n in ("A", "B")] + [1]
    assert model.loadings[other, 0] == pytest.approx(np.mean(known), rel=1e-9)


def two_baskets(rng, base):
    """Memory with two Korean members and a shared one, compute, and a euro base."""
    drivers = walk(rng, ROWS, 2) @ np.array([[1, 0.5], [0.3, 1]])
    won, euro = walk(rng, ROWS, 2, 0.005).T
    noise = walk(rng, ROWS, 7, 0.012).T
    logs = {
        "MU": 1.1 * drivers[:, 0] + noise[0],
        "000660.KS": 1.2 * drivers[:, 0] + 0.5 * won + noise[1],
        "005930.KS": 0.7 * drivers[:, 0] + noise[2],
        "NVDA": drivers[:, 1] + noise[3],
        "AMD": 0.3 * drivers[:, 0] + 1.2 * drivers[:, 1] + noise[4],
        "ASML": 0.2 * drivers[:, 0] + noise[5],
    }
    logs["005930.KS"][60:66] = np.nan
    logs["000660.KS"][200] = np.nan
    logs["AMD"][: ROWS - 40] = np.nan  # proxied, and a member all the same
    tiers = {
        "MU": "memory",
        "000660.KS": "memory",
        "005930.KS": "memory",
        "NVDA": "gpu",
        "AMD": "gpu",
        "ASML": "semi_equipment",
    }
    fx = table_of({"USDKRW": 7 - 0.2 * drivers[:, 0] + won, "EURUSD": euro})
    return desk_of(
        table_of(logs),
        tiers,
        {
            "memory": ["MU", "000660.KS", "005930.KS"],
            "ai_compute": ["NVDA", "AMD", "MU"],
        },
        fx=fx,
        base=base,
        currency={"000660.KS": "KRW", "005930.KS": "KRW", "ASML": "EUR"},
    )


@pytest.mark.parametrize("base", ["EUR", "USD", "KRW"])
def test_basket_reproduces_its_own_move(rng, base):
    model = fit(two_baskets(rng, base))
    assert model.drivers == ("memory", "ai_compute")
    assert model.currencies[0] == base
    dollar = model.loadings[row(model, "USD")]
    for j, members in enumerate(model.members):
        in_usd = []
        for name in members:
            currency = "KRW" if name.endswith(".KS") else "USD"
            local = model.loadings[row(model, name)]
            in_usd.append(local + model.loadings[row(model, currency)] - dollar)
        unit = [float(j == k) for k in range(2)]
        np.testing.assert_allclose(np.mean(in_usd, axis=0), unit, rtol=0, atol=1e-12)
    assert model.members[1] == ("NVDA", "MU")  # AMD has too few windows to count
    # The base currency does not move against itself; the others do.
    base_row = row(model, base)
    np.testing.assert_array_equal(model.loadings[base_row], [0, 0])
    assert model.volatility[base_row] == 0
    won = model.loadings[row(model, "KRW")] - dollar
    assert won[0] == pytest.approx(0.2, abs=0.1)  # as made: the won gains with memory


def test_basket_has_no_residual_of_its_own(rng):
    # Its return is the driver: what its members leave, in USD, averages to nothing.
    model = fit(two_baskets(rng, "EUR"))
    covariance = model.correlation * np.outer(model.volatility, model.volatility)
    for members in model.members:
        share = np.zeros(len(covariance))
        for name in members:
            share[row(model, name)] += 1 / len(members)
            share[row(model, "KRW" if name.endswith(".KS") else "USD")] += 1 / len(
                members
            )
        share[row(model, "USD")] -= 1
        size = share**2 @ np.diag(covariance)
        assert share @ covariance @ share == pytest.approx(0, abs=1e-12 * size)
        assert size > 1e-6
    assert np.linalg.eigvalsh(covariance)[0] > -1e-12 * covariance.max()


def test_members_residuals_are_measured_from_their_basket(rng):
    # With full history and no shrinkage the regressions already say so; the dollar,
    # which is the base currency and does not move, has no say in it.
    compute, crowd, *noise = walk(rng, ROWS, 7).T
    logs = {n: compute + e for n, e in zip(("NVDA", "AMD"), noise, strict=False)}
    for name, own in zip("XYZ", noise[2:], strict=True):
        logs[name] = 0.5 * compute + crowd + 0.2 * own
    prices = table_of(logs)
    tiers = {"NVDA": "g", "AMD": "g", "X": "x", "Y": "y", "Z": "z"}
    model = fit(desk_of(prices, tiers, {"ai_compute": ["NVDA", "AMD"]}))
    x = windows(prices, "NVDA", "AMD").mean(axis=2, keepdims=True)
    for name in tiers:
        slope, volatility = peer(windows(prices, name), x)
        assert model.loadings[row(model, name), 0] == pytest.approx(slope[0], rel=1e-9)
        assert model.volatility[row(model, name)] == pytest.approx(volatility, rel=1e-4)
    # Two members of a basket: what one gains on it the other loses.
    pair = model.correlation[row(model, "NVDA"), row(model, "AMD")]
    assert pair == pytest.approx(-1, abs=1e-5)


def test_local_returns_and_currencies_have_their_own_loadings(rng):
    # USDKRW up is a weaker won: its return against the dollar is minus the pair's.
    index, won, own = walk(rng, ROWS, 3).T
    prices = table_of({"INDEX": index, "K": 0.6 * index + own})
    fx = table_of({"USDKRW": 7 - 0.3 * index + 0.1 * won})
    desk = desk_of(
        prices,
        {"K": "t", "INDEX": "y"},
        {"equity": ["INDEX"]},
        fx=fx,
        currency={"K": "KRW"},
    )
    model = fit(desk)
    x = windows(prices, "INDEX")
    local, volatility = peer(windows(prices, "K"), x)
    rate, rate_volatility = peer(-windows(fx, "USDKRW"), x)
    k, won = row(model, "K"), row(model, "KRW")
    np.testing.assert_allclose(model.loadings[k], local, rtol=1e-9)
    assert model.volatility[k] == pytest.approx(volatility, rel=1e-9)
    np.testing.assert_allclose(model.loadings[won], rate, rtol=1e-9)
    assert model.volatility[won] == pytest.approx(rate_volatility, rel=1e-9)
    assert model.currencies[model.currency[k]] == "KRW"


@pytest.fixture
def memory_and_compute(rng):
    """Two drivers of one member each and a name that hangs on both."""
    memory, compute, own = walk(rng, ROWS, 3).T
    logs = {
        "MU": memory,
        "NVDA": 0.5 * memory + compute,
        "X": 0.4 * memory + 0.7 * compute + own,
    }
    prices = table_of(logs)
    tiers = {"X": "t", "MU": "memory", "NVDA": "gpu"}
    return prices, tiers, {"memory": ["MU"], "ai_compute": ["NVDA"]}


def test_memory_beta_adds_what_follows_memory(memory_and_compute):
    # Compute follows memory by their covariance between windows and wider ones, of
    # both ways the mean, over memory's own; where the ways agree this is the slope on
    # memory alone.
    prices, tiers, drivers = memory_and_compute
    model = fit(desk_of(prices, tiers, drivers))
    beta, _ = model.beta()
    x = windows(prices, "MU", "NVDA")
    both = np.cov(*np.swapaxes(x, 1, 2), aweights=halving(x.shape[1]), ddof=0)
    memory, there, back = both[0, 2], both[0, 3], both[1, 2]
    follows = (there + back) / 2 / memory
    np.testing.assert_allclose(model.response("memory"), [1, follows], rtol=1e-9)
    partial, _ = peer(windows(prices, "X"), x)
    np.testing.assert_allclose(model.loadings[row(model, "X")], partial, rtol=1e-9)
    assert beta[row(model, "X")] == pytest.approx(partial @ [1, follows], rel=1e-9)
    assert beta[row(model, "MU")] == pytest.approx(1, rel=1e-12)
    for name in ("X", "NVDA"):
        alone, _ = peer(windows(prices, name), windows(prices, "MU"))
        assert beta[row(model, name)] == pytest.approx(alone[0], abs=0.02)


def test_error_of_a_memory_beta_adds_that_of_what_follows(memory_and_compute):
    # With g the response of compute to memory and b the partial slopes: the variance is
    # (1, g) Var(b) (1, g)' + b_compute^2 Var(g), all of it by the oracle.
    prices, tiers, drivers = memory_and_compute
    model = fit(desk_of(prices, tiers, drivers))
    _, error = model.beta()
    x, memory = windows(prices, "MU", "NVDA"), windows(prices, "MU")
    partial = fitted(windows(prices, "X"), x)
    follows = fitted(windows(prices, "NVDA"), memory)
    response = model.response("memory")
    variance = response @ partial.covariance @ response
    variance += partial.slopes[1] ** 2 * follows.covariance[0, 0]
    assert error[row(model, "X")] == pytest.approx(np.sqrt(variance), rel=1e-9)
    alone = np.sqrt(follows.covariance[0, 0])
    assert error[row(model, "NVDA")] == pytest.approx(alone, rel=1e-9)
    assert error[row(model, "MU")] == pytest.approx(0, abs=1e-9)


def test_memory_beta_in_base_currency_adds_the_currencys(rng):
    # A name that is quoted in won, seen from dollars: the slope of its dollar returns.
    memory, own, noise = walk(rng, ROWS, 3).T
    prices = table_of({"MU": memory, "K": 0.6 * memory + own})
    fx = table_of({"USDKRW": 7 - 0.3 * memory + 0.1 * noise})
    tiers, drivers = {"K": "t", "MU": "memory"}, {"memory": ["MU"]}
    desk = desk_of(prices, tiers, drivers, fx=fx, currency={"K": "KRW"})
    model = fit(desk)
    dollars = windows(prices, "K") - windows(fx, "USDKRW")
    slope, _ = peer(dollars, windows(prices, "MU"))
    beta, _ = model.beta()
    assert beta[row(model, "K")] == pytest.approx(slope[0], rel=1e-9)
    local, _ = peer(windows(prices, "K"), windows(prices, "MU"))
    assert model.total_beta(model.loadings)[row(model, "K")] == pytest.approx(
        local[0], rel=1e-9
    )


def test_without_a_driver_volatility_is_that_of_the_returns(theme):
    logs, tiers = theme
    prices = table_of(logs)
    model = fit(desk_of(prices, tiers, {}))
    assert model.drivers == ()
    assert model.loadings.shape == (5, 0)
    for name in ("A", "B"):
        returns = windows(prices, name)
        _, volatility = peer(returns, np.zeros((*returns.shape[:2], 0)))
        assert model.volatility[row(model, name)] == pytest.approx(volatility, rel=1e-9)
    beta, error = model.beta()
    assert np.isnan(beta).all()
    assert np.isnan(error).all()


def test_young_driver_is_left_out_and_truncates_nobody(theme, rng):
    logs, tiers = theme
    logs["NEW"] = walk(rng, ROWS)[:, 0]
    logs["NEW"][: ROWS - 64] = np.nan
    prices = table_of(logs)
    drivers = {"equity": ["INDEX"], "crypto": ["NEW"]}
    model = fit(desk_of(prices, {**tiers, "NEW": "coins"}, drivers))
    assert model.drivers == ("equity",)
    assert set(model.history.names) == {"equity", "crypto"}
    assert model.windows[row(model, "A")] == ROWS - 7
    slope, _ = peer(windows(prices, "A"), windows(prices, "INDEX"))
    assert model.loadings[row(model, "A"), 0] == pytest.approx(slope[0], rel=1e-9)


def test_drivers_that_are_one_cannot_be_told_apart(theme):
    logs, tiers = theme
    drivers = {"equity": ["INDEX"], "memory": ["INDEX"]}
    desk = desk_of(table_of(logs), tiers, drivers)
    with pytest.raises(rp.ModelError, match="memory, equity cannot be told apart"):
        fit(desk)


def test_driver_that_does_not_move_is_refused(theme):
    logs, tiers = theme
    logs["PEG"] = np.zeros(ROWS)
    drivers = {"equity": ["INDEX"], "crypto": ["PEG"]}
    desk = desk_of(table_of(logs), {**tiers, "PEG": "coins"}, drivers)
    with pytest.raises(rp.ModelError, match="one does not move"):
        fit(desk)


def test_cash_does_not_move(theme):
    logs, _ = theme
    known = pd.DataFrame(
        {
            "instrument": ["A", "INDEX", "USD", "KRW"],
            "tier": ["tokens", "yardstick", "cash", "cash"],
            "asset_class": ["equity", "equity", "cash", "cash"],
            "kind": ["spot", "spot", "cash", "cash"],
            "currency": ["USD", "USD", "USD", "KRW"],
        }
    )
    held = pd.DataFrame(
        {"book": "b", "instrument": ["A", "USD", "KRW"], "quantity": [1.0, 5.0, 9.0]}
    )
    won = 7 - 0.3 * logs["INDEX"] + 0.1 * logs["OTHER"]
    settings = {
        "drivers": NO_DRIVERS | {"equity": ["INDEX"]},
        "universe": "replace",
        "half_life": HALF_LIFE,
        "scenario_library": "replace",
    }
    prices = table_of({k: logs[k] for k in ("A", "INDEX")})
    fx = table_of({"USDKRW": won})
    model = fit(rp.desk_from_tables(held, prices, known, fx, settings=settings))
    count = len(model.instruments)
    cash = [i for i, kind in enumerate(model.kinds) if kind == "cash"]
    assert len(cash) == 2
    assert (model.loadings[cash] == 0).all()
    assert (model.volatility[cash] == 0).all()
    slope, _ = peer(-windows(fx, "USDKRW"), windows(prices, "INDEX"))
    won_row = count + model.currencies.index("KRW")
    np.testing.assert_allclose(model.loadings[won_row], slope, rtol=1e-9)


def equal(found, expected):
    """Whether two models hold the same numbers and names."""
    for f in fields(found):
        mine, theirs = getattr(found, f.name), getattr(expected, f.name)
        if f.name in {"history", "sample", "series", "contracts"}:
            equal(mine, theirs)
        elif isinstance(mine, np.ndarray):
            np.testing.assert_array_equal(mine, theirs, err_msg=f.name)
        else:
            assert mine == theirs, f.name


@pytest.fixture
def late(rng):
    """Prices and rates on all days; a name that begins late and one that ends."""
    rows = 500
    index, other = walk(rng, rows, 2).T
    noise = walk(rng, rows, 4, 0.01).T
    logs = {
        "A": 0.8 * index + noise[0],
        "B": 1.9 * index + noise[1],
        "C": 1.1 * index + noise[2],
        "INDEX": index,
        "MU": other + 0.4 * index,
        "LATE": index + noise[3],
    }
    logs["LATE"][:430] = np.nan
    logs["C"][400:] = np.nan
    prices = table_of(logs)
    prices["date"] = pd.date_range(end="2026-05-31", periods=rows)  # a Sunday
    prices.loc[prices["date"].dt.day_of_week >= 5, ["MU", "INDEX"]] = np.nan
    fx = table_of({"USDKRW": 7 - 0.3 * index + 0.2 * other})
    fx["date"] = prices["date"]
    tiers = dict.fromkeys(("A", "B", "C", "LATE"), "tokens")
    tiers |= {"INDEX": "yardstick", "MU": "memory"}
    return prices, fx, tiers


@pytest.mark.parametrize(
    "as_of", ["2026-03-06", "2026-03-14"], ids=["Friday", "Saturday"]
)
def test_fit_of_an_earlier_date_looks_at_nothing_later(late, as_of):
    prices, fx, tiers = late

    def desk(until):
        return desk_of(
            prices[prices["date"] <= until],
            tiers,
            {"equity": ["INDEX"], "memory": ["MU"]},
            fx=fx[fx["date"] <= until],
            base="KRW",
        )

    earlier = fit(desk("2026-05-31"), as_of=np.datetime64(as_of))
    stopped = desk(as_of)
    assert stopped.as_of == np.datetime64(as_of)
    equal(earlier, fit(stopped))
    assert earlier.history.dates[-1] <= np.datetime64(as_of)
    # And what comes later does matter to the fit of the last day.
    assert (fit(desk("2026-05-31")).covariance != earlier.covariance).all()


def listed_later(rng):
    """A memory basket of which one member begins in 2026; ends on 2026-05-29."""
    memory, *noise = walk(rng, ROWS, 4, 0.02).T
    logs = {
        "MU": memory,
        "WDC": 0.5 * memory + noise[0],
        "STX": 1.5 * memory + 2 * noise[1],
        "SNDK": 2 * memory + noise[2],
        "COIN": noise[2] + noise[0],
    }
    logs["SNDK"][: ROWS - 80] = np.nan
    logs["COIN"][: ROWS - 80] = np.nan
    tiers = dict.fromkeys(("MU", "WDC", "STX", "SNDK"), "memory") | {"COIN": "coins"}
    return desk_of(
        table_of(logs), tiers, {"memory": ["MU", "SNDK"], "crypto": ["COIN"]}
    )


def test_member_listed_later_is_not_yet_in_its_basket(rng):
    # Up to then the driver is MU, so MU's loading is one and it leaves nothing.
    model = fit(listed_later(rng), as_of=np.datetime64("2026-01-30"))
    assert model.drivers == ("memory",)
    assert model.members == (("MU",),)
    assert model.loadings[row(model, "MU"), 0] == pytest.approx(1, rel=1e-12)
    assert model.volatility[row(model, "MU")] == pytest.approx(0, abs=1e-9)


def test_driver_listed_later_has_no_history_yet(rng):
    model = fit(listed_later(rng), as_of=np.datetime64("2026-01-30"))
    assert model.history.names == ("memory",)


@pytest.mark.parametrize("rows", [1, 2, 5, 6, 7, 8, 9, 30])
def test_history_too_short_for_a_model_is_no_crash(rng, rows):
    # Nothing can be estimated, so nothing is known: no driver, no volatility.
    prices = table_of(dict(zip(("A", "INDEX"), walk(rng, rows, 2).T, strict=True)))
    model = fit(desk_of(prices, {"A": "t", "INDEX": "y"}, {"equity": ["INDEX"]}))
    assert model.drivers == ()
    assert model.provenance[0] == "assumed"
    assert np.isnan(model.volatility[0])
    assert model.windows.tolist() == [max(rows - 7, 0)] * 3
