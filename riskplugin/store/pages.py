"""The pages of a run for people: with what changed since the run before, if asked."""

from os import PathLike
from pathlib import Path

from riskplugin.attribution.explaining import explained
from riskplugin.errors import AdapterError, ModelError, UsageError
from riskplugin.reporting.first_page import first_page
from riskplugin.reporting.html.page import report_page
from riskplugin.reporting.passages import FirstPage
from riskplugin.results import Report
from riskplugin.store.layout import DATE, counting_runs
from riskplugin.store.reading import desk_in, read_run
from riskplugin.store.runs import HTML, workbook

LATEST = "latest.html"


def report_html(
    report: Report | str | PathLike[str],
    path: str | PathLike[str],
    before: Report | str | PathLike[str] | None = None,
) -> Path:
    """Write the report of a run as one HTML file that needs nothing else.

    Parameters
    ----------
    report : Report or path
        A report, or a run folder.
    path : path
        The file to write; what stands there is replaced.
    before : Report or path, optional
        An earlier run: the first page then says what changed since, and why.

    Returns
    -------
    Path
        The file. The same runs give the same bytes.

    Raises
    ------
    UsageError
        If the two runs are in different money.
    AdapterError
        If a folder holds no run, or the file cannot be written.
    """
    of = report if isinstance(report, Report) else read_run(report)
    return put(report_page(of, page_of(of, before)).encode(), path)


def report_xlsx(
    report: Report | str | PathLike[str],
    path: str | PathLike[str],
    before: Report | str | PathLike[str] | None = None,
) -> Path:
    """Write the report of a run as a workbook: values and native charts, no formulas.

    Parameters, result and errors are those of `report_html`.
    """
    of = report if isinstance(report, Report) else read_run(report)
    return put(workbook(of, page_of(of, before)), path)


def put(content: bytes, path: str | PathLike[str]) -> Path:
    """Write a file, all of it or nothing."""
    file = Path(path)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.name}.part")
        part.write_bytes(content)
        part.replace(file)
    except OSError as error:
        raise AdapterError(f"cannot write {file}: {error}") from error
    return file


def page_of(
    report: Report, before: Report | str | PathLike[str] | None = None
) -> FirstPage:
    """Return the first page of a run, with what changed since an earlier one.

    Where the change cannot be split into its parts, it stands without them.
    """
    if before is None:
        return first_page(report)
    previous = before if isinstance(before, Report) else read_run(before)
    if previous.base_currency != report.base_currency:
        raise UsageError(
            f"the runs are in {previous.base_currency} and {report.base_currency}; "
            "compare runs in one currency"
        )
    try:
        parts = explained(desk_in(previous), desk_in(report))
    except (AdapterError, ModelError):
        return first_page(report, previous)
    return first_page(report, previous, parts)


def write_latest(store: Path) -> Path:
    """Write the page of a store's newest night, with what changed since the one before.

    It stands beside the runs: a run's own files say nothing of other runs. A page of
    that night stays as it is.
    """
    newest, file = counting_runs(store)[-1], store / LATEST
    if file.is_file() and f"Run {newest.run_id} of" in file.read_text("utf-8"):
        return file
    before, own = run_before(newest.folder), newest.folder / HTML
    if before is None and own.is_file():  # nothing to compare with: its page as it is
        return put(own.read_bytes(), file)
    return report_html(newest.folder, file, before)


def run_before(folder: Path) -> Path | None:
    """Return the run of the date before, where `folder` stands in a store."""
    here = folder.resolve()
    if not here.parent.name.startswith(DATE):
        return None
    as_of = here.parent.name.removeprefix(DATE)
    earlier = [r for r in counting_runs(here.parent.parent) if r.as_of < as_of]
    return earlier[-1].folder if earlier else None
