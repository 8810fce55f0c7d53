"""Pictures written to files, for the commands that have ``--plot``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from riskplugin.bundles import Hedge, Monitor, Replays
from riskplugin.pictures import (
    backtests,
    cycle,
    evidence,
    hedges,
    paths,
    plausibility,
    replays,
    reverse,
    waterfall,
)
from riskplugin.results import Evidence, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from riskplugin._typing import Dates
    from riskplugin.risk.backtests import Backtest

DPI = 110


def saved(folder: Path, pictures: Mapping[str, "Figure"]) -> list[Path]:
    """Write pictures by their names into `folder`; PNG, SVG or PDF by the ending."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in pictures.items():
        figure.savefig(folder / name, dpi=DPI)
    return [folder / name for name in pictures]


def save_evidence(found: Evidence, folder: Path, confidence: float) -> list[Path]:
    """Write evidence-episodes.png and evidence-calibration.png into `folder`."""
    pictures = {
        "evidence-episodes.png": evidence.episodes_figure(found, confidence),
        "evidence-calibration.png": evidence.calibration_figure(found, confidence),
    }
    return saved(folder, pictures)


def save_backtest(found: "Backtest", dates: "Dates", file: Path, currency: str) -> Path:
    """Write the picture of a backtest."""
    figure = backtests.backtest_figure(found, dates, currency)
    return saved(file.parent, {file.name: figure})[0]


def save_replays(
    path: Table, found: Replays, folder: Path, currency: str
) -> list[Path]:
    """Write replay-episodes.png and replay-tiers.png into `folder`.

    `path` and `found` are of the same episodes; the first of the whole desk, the
    second by tier.
    """
    pictures = {
        "replay-episodes.png": replays.episodes_figure(path, found, currency),
        "replay-tiers.png": replays.tiers_figure(found, currency),
    }
    return saved(folder, pictures)


def save_path(drawn: paths.Drawn, folder: Path) -> list[Path]:
    """Write path-SCENARIO.png into `folder`."""
    return saved(folder, {f"path-{drawn.scenario.name}.png": paths.path_figure(drawn)})


def save_waterfall(stress: Table, folder: Path, currency: str) -> list[Path]:
    """Write stress-SCENARIO.png per scenario of a stress into `folder`."""
    parts = stress.to_frame().groupby("scenario", sort=False)
    pictures = {
        f"stress-{name}.png": waterfall.waterfall_figure(str(name), part, currency)
        for name, part in parts
    }
    return saved(folder, pictures)


def save_reverse(curve: Table, found: Table, currency: str, folder: Path) -> Path:
    """Write reverse-DRIVER.png into `folder`."""
    name = f"reverse-{curve['driver'].iloc[0]}.png"
    return saved(folder, {name: reverse.reverse_figure(curve, found, currency)})[0]


def save_plausibility(history: Table, judged: Table, folder: Path) -> Path:
    """Write plausibility.png into `folder`."""
    figure = plausibility.plausibility_figure(history, judged)
    return saved(folder, {"plausibility.png": figure})[0]


def save_monitor(found: Monitor, folder: Path) -> Path:
    """Write cycle.png into `folder`."""
    return saved(folder, {"cycle.png": cycle.monitor_figure(found)})[0]


def save_hedge(found: Hedge, currency: str, folder: Path) -> Path:
    """Write hedge.png into `folder`."""
    return saved(folder, {"hedge.png": hedges.hedge_figure(found, currency)})[0]


def save_frontier(found: Table, currency: str, folder: Path) -> Path:
    """Write hedge-frontier.png into `folder`."""
    figure = hedges.frontier_figure(found, currency)
    return saved(folder, {"hedge-frontier.png": figure})[0]
