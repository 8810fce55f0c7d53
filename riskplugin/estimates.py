"""What is estimated once per desk, and kept as long as the desk lives."""

from collections.abc import Callable, Iterable
from weakref import WeakKeyDictionary

import numpy as np

from riskplugin.desk import Desk
from riskplugin.factors.contract_rows import alone, fit_with_contracts, with_contracts
from riskplugin.factors.model import FactorModel
from riskplugin.risk.sampling import Sample, sampled

_models: WeakKeyDictionary[Desk, FactorModel] = WeakKeyDictionary()
_samples: WeakKeyDictionary[Desk, dict[tuple[str, int], Sample]] = WeakKeyDictionary()


def model_of(desk: Desk) -> FactorModel:
    """Return the factor model of `desk`, estimated once as long as it lives.

    A desk that holds something else in the market of another shares its model, unless
    it holds what that one does not know.
    """
    if desk not in _models:
        shared = None if desk.origin is None else model_of(desk.origin)
        _models[desk] = (
            fit_with_contracts(desk) if shared is None else served(shared, desk)
        )
    return _models[desk]


def models_behind(desk: Desk) -> tuple[tuple[Desk, FactorModel], ...]:
    """Return `desk` and those it comes from, each with its model."""
    before = () if desk.origin is None else models_behind(desk.origin)
    return ((desk, model_of(desk)), *before)


def keep_models(models: Iterable[tuple[Desk, FactorModel]]) -> None:
    """Take models that were estimated elsewhere as those of their desks."""
    _models.update(models)


def served(shared: FactorModel, desk: Desk) -> FactorModel:
    """Return the model of the desk that `desk` comes from, if it serves."""
    if not desk.series() <= set(shared.instruments):
        return fit_with_contracts(desk)
    if not len(desk.contracts) and not shared.contracts.curved.any():
        return shared
    return with_contracts(alone(shared), desk.contracts)


def fitted(desk: Desk) -> Callable[[np.datetime64], FactorModel]:
    """Return what gives the factor model of `desk` on a date, from nothing later."""

    def on(date: np.datetime64) -> FactorModel:
        return model_of(desk) if date == desk.as_of else fit_with_contracts(desk, date)

    return on


def sample_of(desk: Desk, method: str, sessions: int) -> Sample:
    """Return the scenarios of the risk measures, made once per model that is kept."""
    model = model_of(desk)
    home = desk
    while home.origin is not None and model_of(home.origin) is model:
        home = home.origin
    kept = _samples.setdefault(home, {})
    if (method, sessions) not in kept:
        kept[method, sessions] = sampled(home, model, method, sessions)
    return kept[method, sessions]
