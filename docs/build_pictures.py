"""Draw the pictures of the documentation from the sample desk.

Run ``python docs/build_pictures.py`` after a change that moves the sample's numbers.
"""

import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from PIL import Image

import riskplugin as rp

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
GALLERY = ROOT / "docs" / "how-to" / "pictures.md"
# a picture is drawn by the block of Python above it
SHOWN = re.compile(
    r"```python\n((?:(?!```).)*)```\n+!\[[^]]*\]\(\.\./images/([\w./-]+)\)", re.S
)
LARGEST = 60_000
MILLION = 1e6
# Okabe and Ito (2008), told apart by readers who do not see red and green
COLOURS = {
    "memory": "#0072B2",
    "chips and equipment": "#56B4E9",
    "networking, power, servers": "#009E73",
    "tokens": "#E69F00",
    "hedges and cash": "#999999",
}
GROUP = {
    "memory": "memory",
    "gpu": "chips and equipment",
    "semi_equipment": "chips and equipment",
    "networking": "networking, power, servers",
    "datacenter_power": "networking, power, servers",
    "ai_servers": "networking, power, servers",
    "crypto_compute_storage": "tokens",
    "crypto_data_network": "tokens",
    "crypto_agents": "tokens",
    "crypto_benchmark": "hedges and cash",
    "equity_benchmark": "hedges and cash",
    "unclassified": "hedges and cash",
}


def stress_by_tier(path: Path) -> None:
    """Draw stress P&L by tier with the total and its band."""
    desk = rp.load_desk(ROOT / "samples" / "desk.toml")
    by_tier = rp.stress(desk).to_frame()
    parts = by_tier.assign(group=by_tier["tier"].map(GROUP)).pivot_table(
        index="scenario", columns="group", values="pnl", aggfunc="sum"
    )
    total = rp.stress(desk, by="scenario").to_frame().set_index("scenario") / MILLION
    order = total.sort_values("pnl", ascending=False).index
    parts = parts.loc[order, list(COLOURS)] / MILLION
    total = total.loc[order]
    figure, axes = plt.subplots(figsize=(9.5, 4.6), layout="constrained")
    stacked(axes, parts)
    rows = range(len(total))
    axes.errorbar(
        total["pnl"],
        rows,
        xerr=[total["pnl"] - total["low"], total["high"] - total["pnl"]],
        fmt="D",
        color="black",
        markersize=4.5,
        capsize=3,
        linewidth=1,
        label="total, 80 % band",
    )
    axes.set_yticks(list(rows), [name.replace("_", " ") for name in order])
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel("P&L, USD million")
    axes.set_title("Sample desk (synthetic data): stress P&L by tier", loc="left")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", linewidth=0.4, alpha=0.6)
    axes.set_axisbelow(True)
    axes.legend(frameon=False, fontsize=8, loc="upper right")
    save(figure, path, 110)


def stacked(axes: plt.Axes, parts: pd.DataFrame) -> None:
    """Draw gains to the right of zero and losses to the left."""
    gain = pd.Series(0.0, index=parts.index)
    loss = gain.copy()
    for name in parts.columns:
        width = parts[name]
        left = loss.where(width < 0, gain)
        axes.barh(
            range(len(parts)),
            width,
            left=left,
            height=0.62,
            color=COLOURS[name],
            label=name,
        )
        gain = gain + width.clip(lower=0)
        loss = loss + width.clip(upper=0)


def gallery(page: Path = GALLERY, images: Path = IMAGES) -> list[Path]:
    """Draw every picture of the gallery by the lines that stand above it."""
    desk = rp.load_desk(ROOT / "samples" / "desk.toml")
    drawn = []
    for block, name in SHOWN.findall(page.read_text("utf-8")):
        names = {"rp": rp, "desk": desk}
        exec(compile(block, f"{page.name}: {name}", "exec"), names)
        save(names["figure"], images / name, 80)
        drawn.append(images / name)
    return drawn


def save(figure: plt.Figure, path: Path, dpi: int) -> None:
    """Write a picture in few colours, which makes it small.

    Raises
    ------
    ValueError
        If it is too large for a page.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=dpi)
    with Image.open(path) as full:
        few = full.convert("RGB").quantize(96)
    few.save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path.name} is larger than {LARGEST} bytes")


if __name__ == "__main__":
    mpl.use("agg")
    stress_by_tier(IMAGES / "stress-by-tier.png")
    gallery()
