"""What can be limited: the metrics, their units and their signs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf, nan
from typing import Any

from riskplugin.errors import UsageError, did_you_mean, listing
from riskplugin.risk.definitions import DEFINITIONS
from riskplugin.risk.measure import Measure, measure_named
from riskplugin.risk.sampling import HORIZONS, Method

BASE, NAV, DAYS, RATIO = "base", "nav", "days", "ratio"
MONEY = (BASE, NAV)
ALPHA, SESSIONS = 0.05, 1
OPTION = re.compile(r"\s*(\w+)\s*=\s*(\S+)")


class Source(StrEnum):
    """Which of the desk's tables holds a metric."""

    EXPOSURES = "exposures"
    STRESS = "stress"
    PATH = "stress_path_summary"
    LIQUIDITY = "liquidity"
    GREEKS = "greeks"
    MEASURES = "measures"


BY_SCENARIO = (Source.STRESS, Source.PATH)


@dataclass(frozen=True, slots=True)
class HowMeasured:
    """Which risk measure, of which scenarios."""

    measure: Measure
    alpha: float = ALPHA
    sessions: int = SESSIONS
    method: Method = Method.HISTORICAL


@dataclass(frozen=True, slots=True)
class Metric:
    """Something that can be limited.

    Attributes
    ----------
    name : str
        As it is written, canonical.
    source : Source
    column : str
        Of the source; the value is ``sign x column``.
    units : tuple of str
        In which it can be limited.
    parts : str
        Column, by instrument, that says what makes the value.
    sign : float
        -1 of a loss: above 0 is a loss, whatever the sign of the column.
    empty : float
        Value where nothing is held; NaN where there is none.
    span : (float, float)
        Lowest and highest that it can be at all.
    more_is : {"higher", "lower", ""}
        Where positions that are missing can only take it; blank where either way.
    how : HowMeasured, optional
        Of a risk measure.
    """

    name: str
    source: Source
    column: str
    units: tuple[str, ...] = MONEY
    parts: str = ""
    sign: float = 1.0
    empty: float = 0.0
    span: tuple[float, float] = (-inf, inf)
    more_is: str = ""
    how: HowMeasured | None = None

    @property
    def of_scenarios(self) -> bool:
        """Whether a limit on it names a scenario."""
        return self.source in BY_SCENARIO

    @property
    def is_share_of_nav(self) -> bool:
        """Whether it is a share of NAV already, whichever unit is written."""
        return NAV in self.units and BASE not in self.units


def of_columns(source: Source, **columns: Metric) -> tuple[Metric, ...]:
    """Return metrics named as they are in `columns`, of one source."""
    return tuple(
        replace(metric, name=name, source=source, parts=metric.parts or metric.column)
        for name, metric in columns.items()
    )


def kind(column: str, units: tuple[str, ...] = MONEY, **more: Any) -> Metric:  # noqa: ANN401
    """Return a metric without a name, of a column."""
    return Metric("", Source.EXPOSURES, column, units, **more)


POSITIVE, NEGATIVE = (0.0, inf), (-inf, 0.0)
SHARE = (0.0, 1.0)
EXPOSED = of_columns(
    Source.EXPOSURES,
    long=kind("long", more_is="higher", span=POSITIVE),
    short=kind("short", more_is="lower", span=NEGATIVE),
    gross=kind("gross", more_is="higher", span=POSITIVE),
    net=kind("net"),
    pct_nav=kind("pct_nav", (RATIO, NAV), parts="net"),
    delta_equivalent=kind("delta_equivalent"),
    memory_beta_exposure=kind("memory_beta_exposure"),
    largest=kind("largest", (RATIO,), parts="net", span=SHARE),
    hhi=kind("hhi", (RATIO,), parts="net", span=SHARE),
    effective_names=kind(
        "effective_names", (RATIO,), parts="net", empty=nan, span=(1.0, inf)
    ),
    proxied_share=kind("proxied_share", (RATIO,), parts="proxied", span=SHARE),
)
STRESSED = of_columns(
    Source.STRESS,
    stress_pnl=kind("pnl"),
    stress_loss=kind("pnl", sign=-1.0),
    stress_low=kind("low", parts="pnl"),
    stress_low_loss=kind("low", parts="pnl", sign=-1.0),
)
ON_PATHS = of_columns(
    Source.PATH,
    path_loss=kind("worst", sign=-1.0, span=POSITIVE),
    margin_called=kind("margin_called", span=POSITIVE),
    cash_called=kind("cash_called"),
)
LIQUID = of_columns(
    Source.LIQUIDITY,
    days=kind("days", (DAYS,), span=POSITIVE),
    days_stressed=kind("days_stressed", (DAYS,), span=POSITIVE),
    mean_days_stressed=kind(
        "mean_days_stressed", (DAYS,), parts="days_stressed", span=POSITIVE
    ),
    within_1=kind("within_1", (RATIO,), parts="days_stressed", empty=1.0, span=SHARE),
    within_5=kind("within_5", (RATIO,), parts="days_stressed", empty=1.0, span=SHARE),
    within_10=kind("within_10", (RATIO,), parts="days_stressed", empty=1.0, span=SHARE),
    within_21=kind("within_21", (RATIO,), parts="days_stressed", empty=1.0, span=SHARE),
    locked=kind("locked", more_is="higher", span=POSITIVE),
    cost=kind("cost", span=POSITIVE),
    cost_pct_gross=kind("cost_pct_gross", (RATIO,), parts="cost", span=POSITIVE),
)
CURVED = of_columns(
    Source.GREEKS,
    gamma=kind("gamma"),
    vega=kind("vega"),
    theta=kind("theta"),
)
METRICS: Mapping[str, Metric] = {
    m.name: m for m in (*EXPOSED, *STRESSED, *ON_PATHS, *LIQUID, *CURVED)
}


def metric_named(text: str) -> Metric:
    """Return the metric that `text` stands for.

    A name of `METRICS`, whatever its case, or a risk measure with what differs from
    its defaults: ``CVaR``, ``VaR alpha=0.01``, ``CVaR method=reversal horizon=21``.

    Raises
    ------
    UsageError
        If there is no such metric, or an option that it does not take.
    """
    name, options = split(text)
    known = METRICS.get(name.casefold().replace(" ", "_"))
    if known is None:
        return measure_metric(name, options)
    if options:
        raise UsageError(f"{known.name} takes no options, found {text!r}")
    return known


def split(text: str) -> tuple[str, dict[str, str]]:
    """Return the name in front of the first option, and the options.

    Raises
    ------
    UsageError
        If what follows the name is not made of options.
    """
    first = text.find("=")
    if first < 0:
        return text.strip(), {}
    name, _, _ = text[:first].rstrip().rpartition(" ")
    rest = text[len(name) :]
    options = dict(OPTION.findall(rest))
    if OPTION.sub("", rest).strip() or not name.strip():
        raise UsageError(f"cannot read {text!r}: write CVaR alpha=0.01 horizon=21")
    return name.strip(), options


def measure_metric(name: str, options: Mapping[str, str]) -> Metric:
    """Return the metric of a risk measure.

    Raises
    ------
    UsageError
        If it is none, or an option is none that it takes.
    """
    try:
        measure = measure_named(name)
    except UsageError:
        names = (*METRICS, *(m.value for m in Measure))
        msg = f"there is no metric {name!r}; {did_you_mean(name, names)}"
        raise UsageError(msg) from None
    for key in options:
        if key not in OPTIONS:
            msg = f"{measure}: there is no option {key!r}; {did_you_mean(key, OPTIONS)}"
            raise UsageError(msg)
    how = HowMeasured(
        measure,
        tail(options.get("alpha", str(ALPHA)), measure),
        sessions(options.get("horizon", str(SESSIONS)), measure),
        method(options.get("method", Method.HISTORICAL.value)),
    )
    return Metric(in_words(how), Source.MEASURES, measure.value, MONEY, how=how)


OPTIONS = ("alpha", "horizon", "method")


def tail(text: str, measure: Measure) -> float:
    """Return a tail probability.

    Raises
    ------
    UsageError
        If it is none, or the measure knows none.
    """
    try:
        alpha = float(text)
    except ValueError:
        alpha = nan
    if not 0.0 < alpha < 1.0:
        raise UsageError(f"alpha is {text}, a tail between 0 and 1 is needed")
    if alpha != ALPHA and not DEFINITIONS[measure].takes_alpha:
        raise UsageError(f"{measure} has no tail: take alpha away")
    return alpha


def sessions(text: str, measure: Measure) -> int:
    """Return the sessions of a scenario.

    Raises
    ------
    UsageError
        If there is no such horizon, or the measure needs single sessions.
    """
    known = {str(h): h for h in HORIZONS}
    if text not in known:
        raise UsageError(f"horizon is {text}; known: {listing(known)}")
    if DEFINITIONS[measure].in_time_order and known[text] != SESSIONS:
        raise UsageError(f"{measure}: a drawdown runs along single sessions: horizon=1")
    return known[text]


def method(text: str) -> Method:
    """Return how the past becomes scenarios.

    Raises
    ------
    UsageError
        If there is no such method.
    """
    known = {m.value: m for m in Method}
    if text.casefold() not in known:
        raise UsageError(f"method is {text}; {did_you_mean(text, known)}")
    return known[text.casefold()]


def in_words(how: HowMeasured) -> str:
    """Return a measure as it is written: what differs from the defaults, in order."""
    words = [how.measure.value]
    if how.alpha != ALPHA:
        words.append(f"alpha={how.alpha:g}")
    if how.sessions != SESSIONS:
        words.append(f"horizon={how.sessions}")
    if how.method is not Method.HISTORICAL:
        words.append(f"method={how.method.value}")
    return " ".join(words)
