"""What a desk file names, without reading the tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from riskplugin.inputs.config import DeskFile, desk_file, parse_toml
from riskplugin.inputs.references import TableRef
from riskplugin.sources.credentials import shown
from riskplugin.sources.opening import beside, text_of


@dataclass(frozen=True, slots=True)
class DeskFiles:
    """The files of a desk, and how it wants its positions read.

    Attributes
    ----------
    paths : tuple of str
        The desk file and its tables; URLs and databases, in which a change is not
        noticed, are left out.
    columns : Mapping of str to str
        Our names of the columns of positions to the desk's.
    quarantine : bool
        Whether rows that cannot be used are left out, and not an error.
    """

    paths: tuple[str, ...]
    columns: Mapping[str, str]
    quarantine: bool

    def mapping_for(self, headers: Iterable[object]) -> dict[str, str]:
        """Return the desk's names of columns that `headers` hold; else ours count."""
        there = {str(h).strip().casefold() for h in headers}
        return {k: v for k, v in self.columns.items() if v.strip().casefold() in there}


def desk_files(path: str) -> DeskFiles:
    """Return what the desk file at `path` names.

    Raises
    ------
    InputError
        If it cannot be used.
    """
    config, _ = desk_content(path)
    refs = (
        TableRef(path=ref) if isinstance(ref, str) else ref
        for ref in config.tables.values()
    )
    tables = (beside(path, ref.path) for ref in refs if isinstance(ref, TableRef))
    positions = config.tables.get("positions", "")
    columns = {} if isinstance(positions, str) else positions.columns
    return DeskFiles(
        (path, *(table for table in tables if "://" not in table)),
        dict(columns),
        config.on_error == "quarantine",
    )


def desk_content(path: str) -> tuple[DeskFile, str]:
    """Return what the desk file at `path` says, and its name.

    Raises
    ------
    InputError
        If it cannot be used.
    """
    name = PurePosixPath(shown(path).replace("\\", "/")).name
    return desk_file(parse_toml(text_of(path, name), name), name), name
