"""The shipped universe is whole, and a desk's rows extend or replace it."""

from collections import Counter

import pytest

from riskplugin.inputs.shipped import shipped_universe
from riskplugin.universe import Instrument, Tier, Universe, folded

REQUIRED = {
    "memory": "MU 000660.KS 005930.KS SNDK WDC STX 285A.T 2408.TW 2344.TW",
    "gpu": "NVDA AMD AVGO TSM MRVL ARM",
    "semi_equipment": "ASML LRCX AMAT KLAC TER ENTG 8035.T 6857.T 6146.T 6920.T",
    "networking": "ANET CSCO CIEN COHR LITE CRDO ALAB",
    "datacenter_power": "VRT ETN GEV PWR EME CEG VST NRG",
    "crypto_compute_storage": "TAO RENDER AKT FIL AR IO HNT",
    "crypto_data_network": "ICP NEAR LINK GRASS",
    "crypto_agents": "FET VIRTUAL WLD",
    "equity_benchmark": "SPY QQQ SMH SOXX",
    "crypto_benchmark": "BTC ETH SOL",
}
TIERS = (*REQUIRED, "unclassified")
QUOTED_IN = {".KS": "KRW", ".T": "JPY", ".TW": "TWD"}


@pytest.fixture(scope="module")
def shipped():
    return shipped_universe()


def instrument(name, tier="gpu", **known):
    text = {"link": "none", "asset_class": "equity", "kind": "spot", "currency": "USD"}
    return Instrument(instrument=name, tier=tier, **{**text, **known})


@pytest.mark.parametrize(
    ("tier", "name"), [(t, n) for t, names in REQUIRED.items() for n in names.split()]
)
def test_required_name_stands_on_its_tier(shipped, tier, name):
    assert shipped.instruments[name].tier == tier


def test_tiers_stand_from_the_bottleneck_outwards(shipped):
    assert shipped.tier_names() == TIERS


def test_links_are_the_tiers(shipped):
    link = {tier.name: tier.link for tier in shipped.tiers}
    assert link["memory"] == "direct"
    assert link["crypto_agents"] == "sentiment"
    assert {link[t] for t in TIERS[1:7]} == {"infrastructure"}
    assert {link[t] for t in TIERS[8:]} == {"none"}
    for known in shipped.instruments.values():
        assert known.link == link[known.tier]


def test_every_tier_says_what_it_is(shipped):
    assert [t.name for t in shipped.tiers if not t.description.endswith(".")] == []


def test_no_alias_stands_for_two_instruments(shipped):
    """Nor for another instrument's identifier, in whatever case."""
    owners = {}
    for known in shipped.instruments.values():
        for name in (known.instrument, known.name, *known.aliases):
            owners.setdefault(folded(name), set()).add(known.instrument)
    assert {name: found for name, found in owners.items() if len(found) > 1} == {}


def test_no_instrument_lists_an_alias_twice(shipped):
    for known in shipped.instruments.values():
        count = Counter(folded(a) for a in known.aliases)
        assert [a for a, n in count.items() if n > 1] == [], known.instrument


def test_every_alias_resolves(shipped):
    for known in shipped.instruments.values():
        for alias in (known.instrument, *known.aliases):
            assert shipped.resolve(alias) == known.instrument
            assert shipped.resolve(f" {alias.lower()}  ") == known.instrument


def test_every_share_has_its_bloomberg_name(shipped):
    """``MU US Equity``, ``000660 KS Equity``; tokens have none."""
    for known in shipped.instruments.values():
        has = any(a.endswith(" Equity") for a in known.aliases)
        assert has == (known.asset_class == "equity"), known.instrument


def test_currency_and_clock_follow_the_listing(shipped):
    for name, known in shipped.instruments.items():
        end = "." + name.rpartition(".")[2] if "." in name else ""
        assert known.currency == QUOTED_IN.get(end, "USD"), name
        assert (known.calendar == "24/7") == (known.asset_class == "crypto"), name


def test_funds_are_funds_and_the_rest_is_spot(shipped):
    funds = {n for n, i in shipped.instruments.items() if i.kind == "etf"}
    assert funds == set(REQUIRED["equity_benchmark"].split())
    assert {i.kind for i in shipped.instruments.values()} == {"spot", "etf"}


# --- names ---------------------------------------------------------------------------


def universe(*instruments, tiers=("gpu", "unclassified")):
    known = {i.instrument: i for i in instruments}
    return Universe(known, tuple(Tier(t, "none") for t in tiers))


def test_identifier_comes_before_an_alias_of_another():
    found = universe(instrument("AR"), instrument("X", aliases=("AR", "ex")))
    assert found.matches("AR") == {"AR"}
    assert found.resolve("EX") == "X"


def test_alias_of_two_resolves_to_neither():
    both = universe(
        instrument("A", aliases=("Big  Co",)), instrument("B", aliases=("big co",))
    )
    assert both.matches("BIG CO") == {"A", "B"}
    assert both.resolve(" Big Co ") == "Big Co"


def test_unknown_name_is_its_own():
    assert universe().matches("Q") == frozenset()
    assert universe().resolve(" Q ") == "Q"


# --- a desk's rows -------------------------------------------------------------------


def test_desk_adds_and_replaces_and_leaves_the_shipped_as_it_was(shipped):
    before = dict(shipped.instruments)
    mine = [instrument("DELL", aliases=("Dell",)), instrument("MU", currency="EUR")]
    desk = shipped.extended(mine, [])
    assert desk.instruments["MU"].currency == "EUR"
    assert desk.resolve("dell") == "DELL"
    assert len(desk.instruments) == len(before) + 1
    assert dict(shipped.instruments) == before
    assert shipped.resolve("dell") == "dell"


def test_replaced_row_takes_its_aliases_with_it(shipped):
    """The desk's MU has no aliases: Micron is then nobody."""
    assert shipped.extended([instrument("MU")], []).matches("Micron") == frozenset()


def test_own_tiers_keep_their_order_before_unclassified(shipped):
    new = [Tier("zeta", "none"), Tier("alpha", "direct"), Tier("memory", "sentiment")]
    desk = shipped.extended([], new)
    assert desk.tier_names() == (*TIERS[:-1], "zeta", "alpha", "unclassified")
    link = {tier.name: tier.link for tier in desk.tiers}
    assert (link["memory"], link["alpha"]) == ("direct", "direct")
