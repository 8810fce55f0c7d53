"""Files opened: their bytes and text, and what is not opened."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from riskplugin.errors import Issue, Place, SchemaError, listing
from riskplugin.sources.credentials import masked, shown

XLSX = ".xlsx"
KINDS = (".csv", XLSX, ".parquet")
MAX_WORKBOOK = 100_000_000  # bytes of an XLSX file
OLD_BINARY = bytes.fromhex("D0CF11E0A1B11AE1")  # also a workbook with a password
NO_OPTIONS: Mapping[str, str] = MappingProxyType({})
REFUSED_KINDS = (".xls", ".xlsb", ".xlsm", ".xlt", ".xltm", ".xla", ".xlam")


def beside(desk: str, path: str) -> str:
    """Return `path` as seen from the folder of the desk file."""
    if "://" in path or Path(path).is_absolute():
        return path
    if "://" in desk:
        return desk.rsplit("/", 1)[0] + "/" + path
    return str(Path(desk).parent / path)


def bytes_of(
    path: str, name: str, most: int = -1, options: Mapping[str, str] = NO_OPTIONS
) -> bytes:
    """Return the content of a file, `most` bytes of it.

    `options` are fsspec's for a URL; neither they nor what is secret in a URL show.

    Raises
    ------
    SchemaError
        If it is missing, a folder, or cannot be read.
    """
    if "://" in path:
        found = remote(path, most, options)
        if isinstance(found, bytes):
            return found
        raise unreadable(name, *found)
    try:
        with Path(path).open("rb") as file:
            return file.read(most)
    except FileNotFoundError as error:
        raise unreadable(name, "no such file", f"looked for {path}") from error
    except IsADirectoryError as error:
        raise unreadable(name, "is a folder", "name a file in it") from error
    except (OSError, ValueError) as error:
        raise unreadable(name, f"cannot be read: {error}", "check it") from error


def remote(url: str, most: int, options: Mapping[str, str]) -> bytes | tuple[str, str]:
    """Return the content at a URL that fsspec opens, or why not and what to do.

    An error is not raised from here: it would carry the options along.
    """
    try:
        import fsspec  # noqa: PLC0415 - only for URLs

        with fsspec.open(url, "rb", **options) as file:
            content: bytes = file.read(most)
    except FileNotFoundError:
        return "no such file", f"looked for {shown(url)}"
    except ImportError as error:
        hint = "pip install 'riskplugin[url]', and the package of that protocol"
        return f"cannot open URLs: {masked(str(error), options.values())}", hint
    except Exception as error:  # each protocol's library raises errors of its own
        reason = masked(str(error), options.values())
        return f"cannot be read: {type(error).__name__}: {reason}", "check it"
    return content


def unreadable(source: str, message: str, hint: str) -> SchemaError:
    """Return the error of a file that cannot be read."""
    return SchemaError([Issue("bad-file", Place(source), message, hint)])


def refused(source: str, message: str, hint: str) -> SchemaError:
    """Return the error of a file that may do harm and is not opened."""
    return SchemaError([Issue("refused-file", Place(source), message, hint)])


def text_of(path: str, name: str, options: Mapping[str, str] = NO_OPTIONS) -> str:
    """Return the text of a UTF-8 file, without a byte order mark."""
    try:
        return bytes_of(path, name, options=options).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"not UTF-8 text: byte {error.start}"
        raise unreadable(name, message, "save it as UTF-8") from error


def readable(path: str) -> tuple[str, str]:
    """Return the name of a file and its kind.

    Raises
    ------
    SchemaError
        If it is a folder, or of a kind that is not read.
    """
    pure = PurePosixPath(shown(path).replace("\\", "/"))
    name, kind = pure.name, pure.suffix.casefold()
    if "://" not in path and Path(path).is_dir():
        raise unreadable(name, "is a folder", "name a file in it")
    hint = f"give one of {listing(KINDS)}"
    if kind in REFUSED_KINDS:
        hint = f"save it as a plain .xlsx; {hint}"
        raise refused(name, f"{pure.suffix} is binary or may hold macros", hint)
    if kind not in KINDS:
        raise unreadable(name, f"unknown kind of file {pure.suffix!r}", hint)
    return name, kind


def workbook_bytes(path: str, options: Mapping[str, str] = NO_OPTIONS) -> bytes:
    """Return the content of a workbook.

    Raises
    ------
    SchemaError
        If it cannot be read, is too large, or is not a plain .xlsx.
    """
    name, kind = readable(path)
    if kind != XLSX:
        raise unreadable(name, "is not a workbook", f"give a file {XLSX}")
    content = bytes_of(path, name, MAX_WORKBOOK + 1, options)
    if len(content) > MAX_WORKBOOK:
        hint = "split it, or give the table as CSV or Parquet"
        raise refused(name, f"it has more than {MAX_WORKBOOK:,} bytes", hint)
    if content.startswith(OLD_BINARY):
        hint = "save it as a plain .xlsx without a password"
        raise refused(name, "an old binary workbook, or one with a password", hint)
    return content
