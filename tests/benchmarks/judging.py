"""The evidence on real reversals, beside the simple model of the outside scorer."""

import subprocess
import sys
from ast import literal_eval
from datetime import date
from pathlib import Path
from runpy import run_path
from tempfile import TemporaryDirectory

import riskplugin as rp
from tests.benchmarks import make_evidence_desk
from tests.benchmarks.ratios import Line, Skipped

WHAT = "evidence, CRPS / baseline's"
CRPS_BAR = 0.213
PREDICTIONS = ["start", "end", "instrument", "predicted", "low", "high"]


def judge(data: Path | None, scorer: Path | None) -> list[Line | Skipped]:
    """Score the product's predictions and the baseline's by the same script."""
    if data is None:
        how = "--data DIR of raw prices (equities_us_theme.csv.gz, …)"
        return [Skipped(WHAT, f"needs {how}")]
    script = scorer or data.parent / "evaluation" / "reversals.py"
    if not script.is_file():
        return [Skipped(WHAT, f"no scorer {script}: --scorer reversals.py")]
    with TemporaryDirectory() as folder:
        made, file = Path(folder) / "desk", Path(folder) / "predictions.csv"
        as_of = date.fromisoformat(make_evidence_desk.AS_OF)
        make_evidence_desk.write_desk(data, made, as_of, make_evidence_desk.USDTWD)
        dated = [line.split()[:2] for line in said(script, "episodes")]
        found = rp.evidence(rp.load_desk(made / "desk.toml"), episodes=dated)
        known = found["instrument"].isin(list(run_path(str(script))["TIER"]))
        found.loc[known, PREDICTIONS].to_csv(file, index=False)
        ours = head(said(script, "score", str(file)))
    peer = head(said(script, "baseline"))
    note = ", ".join(
        f"{f['predictions']:.0f} in {f['episodes']:.0f} episodes, "
        f"{f['coverage']:.1%} in their bands ({whose})"
        for f, whose in ((ours, "ours"), (peer, "peer"))
    )
    crps = ours["crps"]
    return [
        Line(WHAT, crps, "log", peer["crps"], note=note),
        Line("evidence, CRPS", crps, "log", bar=CRPS_BAR),
    ]


def said(script: Path, *arguments: str) -> list[str]:
    """Return the lines that the scorer prints."""
    command = [sys.executable, str(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def head(lines: list[str]) -> dict[str, float]:
    """Return the figures of the scorer's head line."""
    figures: dict[str, float] = literal_eval(
        next(line for line in lines if line.startswith("{"))
    )
    return figures
