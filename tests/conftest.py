"""A book of three instruments, two drivers and two tiers, computable on the page.

Everything moves by powers of one half, because the scenario halves memory:

===========  ======  =========  =====================  ==========================
instrument   memory  crypto     residual sd a session  value
===========  ======  =========  =====================  ==========================
MU           1       0          0.01                   semis 100,000; tokens -20,000
000660.KS    1.2     0          0.02 (won: 0.1, 0)     semis 160,000
TAO          0.5     1          0.04                   tokens -40,000
===========  ======  =========  =====================  ==========================

Drivers' covariance a session: var(memory) 4e-4, var(crypto) 9e-4, cov 1e-4, so crypto
follows memory by a quarter. The won has residual sd 0.005, correlated -0.2 with
000660.KS; MU and 000660.KS correlate 0.3.
"""

import os
from collections.abc import Iterator

import numpy as np
import pytest

from riskplugin.book import KEYS, Book, Labels
from riskplugin.factors.drivers import DriverHistory
from riskplugin.factors.model import FactorModel
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.universe import Instrument, Tier, Universe

REQUIRE_ALL = "RISKPLUGIN_REQUIRE_ALL"
AS_OF = np.datetime64("2026-05-29")
MEMORY, TOKENS = "memory", "crypto_compute_storage"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where everything is required a skip is a failure: nothing may be missing."""
    report = yield
    if (
        report.skipped
        and not hasattr(report, "wasxfail")
        and os.environ.get(REQUIRE_ALL)
    ):
        report.outcome = "failed"
        report.longrepr = (
            f"{item.nodeid} skipped under {REQUIRE_ALL}: {report.longrepr}"
        )
    return report


@pytest.fixture(scope="session", autouse=True)
def no_waiting() -> Iterator[None]:
    """Spare what no test can see: disks that hold after a power cut, and compiling.

    Processes that tests start are as they are, but for the modules that each would
    compile where the environment forbids to keep them.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)  # as it is, an error for a closed file
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield


@pytest.fixture
def hand_universe() -> Universe:
    known = (
        Instrument(
            "MU", MEMORY, "direct", "equity", "spot", "USD", aliases=("Micron",)
        ),
        Instrument("000660.KS", MEMORY, "direct", "equity", "spot", "KRW"),
        Instrument("TAO", TOKENS, "infrastructure", "crypto", "spot", "USD"),
    )
    tiers = (Tier(MEMORY, "direct"), Tier(TOKENS, "infrastructure"))
    return Universe({i.instrument: i for i in known}, tiers)


@pytest.fixture
def hand_model() -> FactorModel:
    correlation = np.eye(5)
    correlation[0, 1] = correlation[1, 0] = 0.3
    correlation[1, 4] = correlation[4, 1] = -0.2
    errors = np.zeros((5, 2, 2))
    errors[2, 0, 0] = 0.04
    days = np.array([AS_OF], dtype="datetime64[D]")
    members = (("MU",), ("BTC",))
    return FactorModel(
        as_of=AS_OF,
        drivers=("memory", "crypto"),
        members=(("MU",), ()),
        history=DriverHistory(("memory", "crypto"), members, days, np.zeros((1, 2))),
        # crypto follows without error here, so that bands stay on the page
        driver_windows=np.array([[[4, 1], [-4, -1], [0, 3], [0, -3]]] * 2) / 100,
        weights=np.ones(4),
        return_sessions=1,
        covariance=np.array([[4e-4, 1e-4], [1e-4, 9e-4]]),
        instruments=("MU", "000660.KS", "TAO"),
        tiers=(MEMORY, MEMORY, TOKENS),
        kinds=("spot", "spot", "spot"),
        currencies=("USD", "KRW"),
        currency=np.array([0, 1, 0]),
        loadings=np.array([[1.0, 0], [1.2, 0], [0.5, 1.0], [0, 0], [0.1, 0]]),
        errors=errors,
        volatility=np.array([0.01, 0.02, 0.04, 0.0, 0.005]),
        correlation=correlation,
        provenance=("own", "shrunk", "proxied", "own", "own"),
        own_loadings=np.full((5, 2), np.nan),
        windows=np.array([1008, 1008, 30, 1008, 1008]),
    )


HELD = (
    # book, instrument, tier, link, asset class, currency, quantity, price, fx rate
    ("semis", "000660.KS", MEMORY, "direct", "equity", "KRW", 2000.0, 1e5, 8e-4),
    ("semis", "MU", MEMORY, "direct", "equity", "USD", 1000.0, 100.0, 1.0),
    ("tokens", "MU", MEMORY, "direct", "equity", "USD", -200.0, 100.0, 1.0),
    ("tokens", "TAO", TOKENS, "infrastructure", "crypto", "USD", -100.0, 400.0, 1.0),
)


def book_from(held=HELD, half_spread=0.01) -> Book:
    """Return the book of rows such as those of `HELD`."""
    columns = dict(
        zip(
            ("book", "instrument", "tier", "link", "asset_class", "currency"),
            list(zip(*held, strict=True))[:6],
            strict=True,
        )
    )
    blank = [""] * len(held)
    columns |= {"account": blank, "strategy": blank, "kind": ["spot"] * len(held)}
    columns["position"] = [str(i + 1) for i in range(len(held))]
    labels = {
        key: Labels.of(columns[key], (MEMORY, TOKENS) if key == "tier" else ())
        for key in KEYS
    }
    quantity, price, fx_rate = (np.array(c) for c in list(zip(*held, strict=True))[6:])
    spread = np.full(len(held), half_spread)
    return Book(labels, quantity, price, fx_rate, quantity * price * fx_rate, spread)


@pytest.fixture
def hand_book() -> Book:
    return book_from()


@pytest.fixture
def halving() -> ScenarioSet:
    """Memory halves over 100 sessions; the token tier overshoots by half."""
    scenario = Scenario(
        name="halving",
        core={"memory": -0.5},
        horizon_sessions=100,
        overshoot={TOKENS: 1.5},
    )
    return ScenarioSet((scenario,))
