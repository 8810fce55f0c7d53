"""A book that cannot be computed, left out so that the others can."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from riskplugin.desk import Desk
from riskplugin.errors import Issue, ModelError, Place
from riskplugin.estimates import model_of
from riskplugin.inputs.derived import narrowed
from riskplugin.results import Table, table
from riskplugin.tabulation import runnable_scenarios, stress_table

CODE = "book-left-out"


def without_unsound(desk: Desk) -> Desk:
    """Return `desk` without the books that no scenario can be run on.

    They are among its issues, as errors, and their positions among what was left out.
    A desk whose books can all be computed comes back as it is.

    Raises
    ------
    ModelError
        If none of them can.
    """
    try:
        tried(desk)
    except ModelError as error:
        faults = dict(faults_by_book(desk))
        if not faults or len(faults) == len(desk.book.labels["book"].names):
            raise ModelError(str(error)) from error
        return without_books(desk, faults)
    return desk


def tried(desk: Desk) -> None:
    """Run every scenario on the whole of `desk`."""
    model = model_of(desk)
    scenarios = runnable_scenarios(desk, model)
    stress_table(desk, model, scenarios, ("scenario",), desk.settings.confidence)


def faults_by_book(desk: Desk) -> Iterable[tuple[str, str]]:
    """Yield the books that cannot be computed by themselves, and why."""
    for book in desk.book.labels["book"].names:
        try:
            tried(narrowed(desk, [book]))
        except ModelError as error:
            yield book, str(error)


def without_books(desk: Desk, faults: dict[str, str]) -> Desk:
    """Return `desk` without some books, which it says."""
    own = desk.book.labels["book"]
    out = np.isin(np.array(own.names)[own.codes], list(faults))
    hint = "mend its positions or give the prices they need"
    issues = [
        Issue(CODE, Place(desk.source, column=book), f"book {book}: {why}", hint)
        for book, why in faults.items()
    ]
    return replace(
        desk,
        book=desk.book.only(~out),
        issues=(*desk.issues, *issues),
        left_out=with_rows(desk, out),
    )


def with_rows(desk: Desk, out: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Table:
    """Return what was left out with the positions `out`; their rows are not known."""
    gone = desk.book.only(out)
    words = {
        key: [gone.labels[key].names[c] for c in gone.labels[key].codes]
        for key in ("book", "instrument")
    }
    more = pd.DataFrame(
        {
            "source": desk.source,
            "row": pd.array([pd.NA] * len(gone), dtype="Int64"),
            **words,
            "quantity": gone.quantity,
            "market_value": gone.market_value,
            "reason": CODE,
        }
    )
    before = desk.left_out.to_frame().astype({"row": "Int64"})
    both = pd.concat([before, more], ignore_index=True) if len(before) else more
    return table("left_out", desk.as_of, {c: both[c] for c in before.columns})
