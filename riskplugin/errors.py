"""What can go wrong, and how it is said.

RiskPluginError
├── UsageError            an argument that the function does not take
├── InputError            the desk's files or tables; carries every issue at once
│   ├── SchemaError       a table that cannot be read as its specification says
│   ├── CoverageError     prices, currencies or spreads that are missing or too old
│   └── ConfigError       desk.toml or a scenario file
├── ScenarioError         a scenario that does not fit the desk
├── ModelError            the factor model cannot be estimated from these prices
└── AdapterError          disk, lock, workbook, database
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

LISTED = 10


class Severity(StrEnum):
    """An error makes a row unusable; a warning is used as it stands, and said."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a table or file, and if known its row and column."""

    source: str
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        row = "" if self.row is None else f" row {self.row}"
        column = "" if self.column is None else f", {self.column}"
        return f"{self.source}{row}{column}"


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding about the inputs: a stable code, where, what, and what to do."""

    code: str
    where: Place
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.severity}: {self.where}: {self.message}{hint} [{self.code}]"


class RiskPluginError(Exception):
    """Root of every error that riskplugin raises on purpose."""


class UsageError(RiskPluginError, ValueError):
    """An argument that the function does not take."""


def counted(issues: Iterable[Issue]) -> str:
    """Return how many errors and warnings there are, in words."""
    levels = [issue.severity for issue in issues]
    return ", ".join(
        f"{count} {level}{'' if count == 1 else 's'}"
        for level in Severity
        if (count := levels.count(level)) or level is Severity.ERROR
    )


class InputError(RiskPluginError):
    """The desk's inputs cannot be used; ``issues`` holds every finding at once."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues: tuple[Issue, ...] = tuple(issues)
        super().__init__(self.issues)

    def __str__(self) -> str:
        listed = [f"  {issue}" for issue in self.issues]
        return "\n".join([counted(self.issues), *listed])


class SchemaError(InputError):
    """Tables that cannot be read as their specifications say."""


class CoverageError(InputError):
    """Prices, currencies or spreads that are missing or too old."""


class ConfigError(InputError):
    """desk.toml, settings or a scenario file."""


class ScenarioError(RiskPluginError):
    """A scenario that does not fit the desk."""


class ModelError(RiskPluginError):
    """The factor model cannot be estimated from these prices."""


class AdapterError(RiskPluginError):
    """Disk, lock, workbook or database."""


CONFIG_CODES = frozenset({"bad-config", "unknown-key", "bad-scenario"})
COVERAGE_CODES = frozenset(
    {
        "no-price",
        "stale-price",
        "missing-fx",
        "stale-fx",
        "unknown-half-spread",
        "kind-not-priced",
    }
)


def input_error(issues: Sequence[Issue]) -> InputError:
    """Return the narrowest InputError that holds all of `issues`."""
    codes = {i.code for i in issues if i.severity is Severity.ERROR}
    if codes <= CONFIG_CODES:
        return ConfigError(issues)
    if codes <= COVERAGE_CODES:
        return CoverageError(issues)
    if not codes & (CONFIG_CODES | COVERAGE_CODES):
        return SchemaError(issues)
    return InputError(issues)


def did_you_mean(name: str, known: Iterable[str], limit: int = LISTED) -> str:
    """Return a hint that names the nearest of `known`, or lists at most `limit`."""
    names = list(known)
    folded = {n.casefold(): n for n in names}
    near = get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(repr(folded[n]) for n in near) + "?"
    return f"known: {listing(names, limit)}" if names else ""


def listing(names: Iterable[str], limit: int = LISTED) -> str:
    """Join at most `limit` names, then say how many more there are."""
    items = list(names)
    more = len(items) - limit
    return ", ".join(items[:limit]) + (f" and {more} more" if more > 0 else "")
