"""Contracts in the model: rows that copy those of their underlyings.

What is on an underlying moves by it, whatever its own prices did: its loadings, its
residual (the same one: correlation 1), its currency and its tier are the underlying's.
So do perpetuals, futures, forwards and swaps; one whose underlying is not known keeps a
series of its own.
"""

from dataclasses import replace

import numpy as np
from cachetools import LRUCache

from riskplugin._typing import Codes, Vector
from riskplugin.contracts import SESSIONS_A_YEAR, Contracts, no_contracts
from riskplugin.desk import Desk
from riskplugin.factors.model import REGIMES, FactorModel, fit
from riskplugin.pricing.unit_greeks import with_drag


def fit_with_contracts(desk: Desk, as_of: np.datetime64 | None = None) -> FactorModel:
    """Estimate the model of `desk` as `fit` does, with a row for all that it holds."""
    return with_contracts(fit(desk, as_of), desk.contracts)


def with_contracts(model: FactorModel, contracts: Contracts) -> FactorModel:
    """Return the model with a row for every one of `contracts` that is derived.

    After the instruments that have series of their own. One that has (a member of a
    driver's basket) keeps it, and moves one for one with it.
    """
    row = {name: i for i, name in enumerate(model.instruments)}
    derived = contracts.derived
    kept = [
        i for i, name in enumerate(contracts.instruments) if derived[i] != (name in row)
    ]
    own = contracts.at(np.array(kept, dtype=np.int64))
    new = own.at(own.derived)
    source = np.array([row[name] for name in new.underlyings], dtype=np.int64)
    wide = expanded(model, source, new.instruments, new.kinds)
    terms = own.beside(wide.instruments, wide.kinds)
    volatility = annual_volatility(wide)
    return replace(wide, contracts=with_drag(terms, volatility))


def expanded(
    model: FactorModel, source: Codes, names: tuple[str, ...], kinds: tuple[str, ...]
) -> FactorModel:
    """Return the model with rows `names` that copy its instruments `source`."""
    count = len(model.instruments)
    instruments = np.concatenate([np.arange(count), source])
    series = np.concatenate([instruments, np.arange(count, len(model.loadings))])
    own = np.array(model.own_loadings[series])
    own[count : count + len(source)] = np.nan  # measured on the underlying
    return replace(
        model,
        instruments=(*model.instruments, *names),
        tiers=tuple(model.tiers[int(i)] for i in instruments),
        kinds=(*model.kinds, *kinds),
        currency=model.currency[instruments],
        loadings=model.loadings[series],
        errors=model.errors[series],
        own_loadings=own,
        volatility=model.volatility[series],
        correlation=model.correlation[np.ix_(series, series)],
        provenance=tuple(model.provenance[int(i)] for i in series),
        windows=model.windows[series],
        source=model.source[instruments],
        contracts=no_contracts(),
        regimes=LRUCache(REGIMES),
    )


def annual_volatility(model: FactorModel) -> Vector:
    """Return the annual volatility of each instrument in its own currency, (N,).

    ``sqrt((b' S b + s^2) 252)``; 0 of what nothing is known.
    """
    count = len(model.instruments)
    loadings = np.nan_to_num(model.loadings[:count])
    variance = np.einsum("nj,jk,nk->n", loadings, model.covariance, loadings)
    variance += np.nan_to_num(model.volatility[:count]) ** 2
    annual: Vector = np.sqrt(np.maximum(variance, 0.0) * SESSIONS_A_YEAR)
    return annual


def alone(model: FactorModel) -> FactorModel:
    """Return the model of the series alone, without the rows that copy others."""
    source = model.source
    rows = np.flatnonzero(source == np.arange(len(source)))
    if len(rows) == len(source):
        return model
    count = len(source)
    series = np.concatenate([rows, np.arange(count, len(model.loadings))])
    return replace(
        model,
        instruments=tuple(model.instruments[int(i)] for i in rows),
        tiers=tuple(model.tiers[int(i)] for i in rows),
        kinds=tuple(model.kinds[int(i)] for i in rows),
        currency=model.currency[rows],
        loadings=model.loadings[series],
        errors=model.errors[series],
        own_loadings=model.own_loadings[series],
        volatility=model.volatility[series],
        correlation=model.correlation[np.ix_(series, series)],
        provenance=tuple(model.provenance[int(i)] for i in series),
        windows=model.windows[series],
        source=np.arange(len(rows)),
        contracts=no_contracts(),
        regimes=LRUCache(REGIMES),
    )


def series_rows(model: FactorModel) -> Codes:
    """Return the series of `alone` that each series of `model` moves as, (N + C,)."""
    source = model.source
    own = np.flatnonzero(source == np.arange(len(source)))
    currencies = len(own) + np.arange(len(model.currencies))
    return np.concatenate([np.searchsorted(own, source), currencies])
