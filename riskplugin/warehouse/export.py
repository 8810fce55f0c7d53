"""Where a run goes, and the run put there."""

from os import PathLike
from pathlib import Path

from pydantic import ValidationError

from riskplugin.errors import ConfigError, UsageError, did_you_mean
from riskplugin.inputs.config import config_issues
from riskplugin.inputs.references import ExportRef
from riskplugin.results import Report, Table
from riskplugin.sources.databases import Access
from riskplugin.sources.desk_files import desk_content
from riskplugin.warehouse.connecting import destination
from riskplugin.warehouse.results import finished
from riskplugin.warehouse.writing import exported

Target = tuple[ExportRef, Access]


def target_in(desk: str) -> Target:
    """Return where the desk file at `desk` wants its runs exported to.

    Raises
    ------
    UsageError
        If it has no [export].
    ConfigError
        If a variable that it names is not set, or holds no URL of a known kind.
    """
    config, name = desk_content(desk)
    if config.export is None:
        raise UsageError(
            f'{name} has no [export]; write one, such as url_env = "RISK_DB"'
        )
    return config.export, destination(config.export, name)


def target_of(**given: object) -> Target:
    """Return the destination that some keys of [export] stand for.

    Raises
    ------
    UsageError
        If there is no such key.
    ConfigError
        If one holds the wrong thing, or a variable is not set.
    """
    unknown = sorted(set(given) - set(ExportRef.model_fields))
    if unknown:
        hint = did_you_mean(unknown[0], ExportRef.model_fields)
        raise UsageError(f"no key {unknown[0]!r} of an export; {hint}")
    try:
        ref = ExportRef.model_validate(given)
    except ValidationError as error:
        raise ConfigError(list(config_issues(error, ExportRef, "export"))) from None
    return ref, destination(ref, "export")


def export(run: Report | str | PathLike[str], to: Target) -> Table:
    """Write a finished run into a database; see `writing.exported`."""
    ref, access = to
    whole = finished(run if isinstance(run, Report) else Path(run))
    return exported(whole, ref, access)
