"""Credentials come from the environment, and go nowhere but to whom they are for."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from os import environ  # noqa: TID251 - the one place that reads it
from threading import get_ident

from riskplugin.errors import ConfigError, Issue, Place

MASK = "***"
AUTHORITY = re.compile(r"(\w://)[^/\s@'\"]*@")
QUERY = re.compile(r"(\w://[^\s?#'\"]*)[?#][^\s'\"]*")
LONGEST = 300  # characters of what another program says


def held(variable: str, place: Place) -> str:
    """Return what an environment variable holds.

    Raises
    ------
    ConfigError
        If it is not set, or blank.
    """
    value = environ.get(variable, "")
    if not value.strip():
        message = f"the environment variable {variable} is not set"
        raise config_fault(place, message, "set it where the command runs")
    return value


def options_of(variables: Mapping[str, str], place: Place) -> dict[str, str]:
    """Return options by name, each from its environment variable.

    Raises
    ------
    ConfigError
        If one is not set.
    """
    return {option: held(name, place) for option, name in variables.items()}


def config_fault(place: Place, message: str, hint: str) -> ConfigError:
    """Return the error of a fault in what desk.toml or the environment says."""
    return ConfigError([Issue("bad-config", place, message, hint)])


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return the first line of a text without `secrets`, and URLs without theirs."""
    line = next((part.strip() for part in text.splitlines() if part.strip()), "")
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        line = line.replace(secret, MASK)
    line = QUERY.sub(r"\1", AUTHORITY.sub(r"\1", line))
    return line if len(line) <= LONGEST else line[:LONGEST] + " …"


def shown(path: str) -> str:
    """Return a path or URL without user, password and parameters."""
    return masked(path, ()) if "://" in path else path


@contextmanager
def unlogged(*loggers: str) -> Iterator[None]:
    """Keep what this thread does out of `loggers` that would write a secret down."""
    own = get_ident()

    def of_another(record: logging.LogRecord) -> bool:
        return record.thread != own

    for name in loggers:
        logging.getLogger(name).addFilter(of_another)
    try:
        yield
    finally:
        for name in loggers:
            logging.getLogger(name).removeFilter(of_another)
