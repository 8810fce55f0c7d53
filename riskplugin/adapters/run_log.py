"""What a run says while it works: a bar on a terminal, a line per stage in a log."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from riskplugin.errors import AdapterError
from riskplugin.store.batch import Done, Told

Write = Callable[[str, dict[str, Any]], None]


class Rate(TextColumn):
    """Tables a second."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        """Return the rate, blank until it is known."""
        return Text(f"{task.speed:.1f} tables/s" if task.speed else "")


@contextmanager
def shown(log: Write) -> Iterator[Told]:
    """Yield what shows and logs every stage that ends; no bar is shown in a pipe."""
    screen = Console(stderr=True)
    columns = (
        TextColumn("{task.description:24}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    quiet = not screen.is_terminal
    with Progress(*columns, console=screen, transient=True, disable=quiet) as bar:
        task = bar.add_task("estimating", total=None)

        def told(done: Done) -> None:
            bar.update(
                task, description=done.name, completed=done.number, total=done.count
            )
            log("stage", facts(done))

        yield told


def facts(done: Done) -> dict[str, Any]:
    """Return what a log says of a stage."""
    return {
        "stage": done.name,
        "number": done.number,
        "of": done.count,
        "rows": done.rows,
        "seconds": round(done.seconds, 3),
        "kept": done.kept,
        "left_out": done.left_out,
    }


def log_to(path: Path | None, *, structured: bool) -> Write:
    """Return what appends a line per event to a log; to none, what says nothing.

    Raises
    ------
    AdapterError
        If it cannot be written to.
    """

    def write(event: str, facts: dict[str, Any]) -> None:
        if path is None:
            return
        when = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = (
            as_json(when, event, facts) if structured else as_text(when, event, facts)
        )
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise AdapterError(f"cannot write the log {path}: {error}") from error

    return write


def as_json(when: str, event: str, facts: dict[str, Any]) -> str:
    """Return an event as one JSON object."""
    return json.dumps({"time": when, "event": event, **facts})


def as_text(when: str, event: str, facts: dict[str, Any]) -> str:
    """Return an event as words; blanks are left out."""
    known = {k: v for k, v in facts.items() if v not in ("", None, False)}
    said = " ".join(f"{k}={one_line(v)}" for k, v in known.items())
    return f"{when} {event} {said}"


def one_line(value: object) -> str:
    """Return a value without line breaks, in quotes if it has blanks."""
    text = " ".join(str(value).split())
    return json.dumps(text, ensure_ascii=False) if " " in text else text
