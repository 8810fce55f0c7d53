"""Cycle-reversal stress and tier exposures for a desk that holds the AI-memory trade.

>>> import riskplugin as rp
>>> desk = rp.load_desk("samples/desk.toml")
>>> rp.exposures(desk, by="tier")
>>> rp.stress(desk, "inventory_build", by=("scenario", "book"))

Everything is imported when it is first used, so that ``import riskplugin`` costs
nothing that a spreadsheet would have to wait for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskplugin._version import __version__
    from riskplugin.api import (
        account_default,
        accounts,
        average_volumes,
        backtest,
        claims,
        cycle_monitor,
        data_status,
        desk_from_tables,
        evidence,
        evidence_for,
        exposures,
        factor_risk,
        liquidity_profile,
        load_desk,
        loadings,
        look_through,
        measures,
        path_summary,
        plausibility,
        pnl_scenarios,
        positions,
        read_scenarios,
        regimes,
        replay,
        replay_path,
        replay_scenarios,
        replicate_measures,
        reverse_curve,
        reverse_stress,
        run,
        samples,
        scenario_list,
        shocks,
        stress,
        stress_path,
        unwinding,
        weighted_stress,
        with_positions,
        worst_case,
        write_run,
    )
    from riskplugin.bundles import Claims, Monitor, Replays
    from riskplugin.desk import Desk
    from riskplugin.errors import (
        AdapterError,
        ConfigError,
        CoverageError,
        InputError,
        Issue,
        ModelError,
        RiskPluginError,
        ScenarioError,
        SchemaError,
        UsageError,
    )
    from riskplugin.factors.stated import View
    from riskplugin.results import Backtest, Evidence, Report, Table
    from riskplugin.scenarios.definition import Scenario, ScenarioSet
    from riskplugin.scenarios.phases import Phase

_HOME = {
    "AdapterError": "errors",
    "Backtest": "results",
    "Claims": "bundles",
    "ConfigError": "errors",
    "CoverageError": "errors",
    "Desk": "desk",
    "Evidence": "results",
    "InputError": "errors",
    "Issue": "errors",
    "ModelError": "errors",
    "Monitor": "bundles",
    "Phase": "scenarios.phases",
    "Replays": "bundles",
    "Report": "results",
    "RiskPluginError": "errors",
    "Scenario": "scenarios.definition",
    "ScenarioError": "errors",
    "ScenarioSet": "scenarios.definition",
    "SchemaError": "errors",
    "Table": "results",
    "UsageError": "errors",
    "View": "factors.stated",
    "__version__": "_version",
    "account_default": "api",
    "accounts": "api",
    "average_volumes": "api",
    "backtest": "api",
    "claims": "api",
    "cycle_monitor": "api",
    "data_status": "api",
    "desk_from_tables": "api",
    "evidence": "api",
    "evidence_for": "api",
    "exposures": "api",
    "factor_risk": "api",
    "liquidity_profile": "api",
    "load_desk": "api",
    "loadings": "api",
    "look_through": "api",
    "measures": "api",
    "path_summary": "api",
    "plausibility": "api",
    "pnl_scenarios": "api",
    "positions": "api",
    "read_scenarios": "api",
    "regimes": "api",
    "replay": "api",
    "replay_path": "api",
    "replay_scenarios": "api",
    "replicate_measures": "api",
    "reverse_curve": "api",
    "reverse_stress": "api",
    "run": "api",
    "samples": "api",
    "scenario_list": "api",
    "shocks": "api",
    "stress": "api",
    "stress_path": "api",
    "unwinding": "api",
    "weighted_stress": "api",
    "with_positions": "api",
    "worst_case": "api",
    "write_run": "api",
}

__all__ = [
    "AdapterError",
    "Backtest",
    "Claims",
    "ConfigError",
    "CoverageError",
    "Desk",
    "Evidence",
    "InputError",
    "Issue",
    "ModelError",
    "Monitor",
    "Phase",
    "Replays",
    "Report",
    "RiskPluginError",
    "Scenario",
    "ScenarioError",
    "ScenarioSet",
    "SchemaError",
    "Table",
    "UsageError",
    "View",
    "__version__",
    "account_default",
    "accounts",
    "average_volumes",
    "backtest",
    "claims",
    "cycle_monitor",
    "data_status",
    "desk_from_tables",
    "evidence",
    "evidence_for",
    "exposures",
    "factor_risk",
    "liquidity_profile",
    "load_desk",
    "loadings",
    "look_through",
    "measures",
    "path_summary",
    "plausibility",
    "pnl_scenarios",
    "positions",
    "read_scenarios",
    "regimes",
    "replay",
    "replay_path",
    "replay_scenarios",
    "replicate_measures",
    "reverse_curve",
    "reverse_stress",
    "run",
    "samples",
    "scenario_list",
    "shocks",
    "stress",
    "stress_path",
    "unwinding",
    "weighted_stress",
    "with_positions",
    "worst_case",
    "write_run",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _HOME:
        raise AttributeError(f"module 'riskplugin' has no attribute {name!r}")
    found = getattr(import_module(f"riskplugin.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
