"""HTML made of elements: text is escaped, whatever it holds, unless it is markup."""

from collections.abc import Iterable
from html import escape


class Html(str):
    """Markup that is safe to write as it is."""

    __slots__ = ()


Child = str | Iterable[str]


def element(name: str, *children: Child, **attributes: object) -> Html:
    """Return an element; children that are no `Html` are escaped.

    An attribute's ``_`` is written ``-``, one at its end is left out (``class_``), and
    one that is None is not written. True stands for an attribute without a value.
    """
    said = "".join(attribute(key, value) for key, value in attributes.items())
    inside = "".join(safe(child) for child in flat(children))
    return Html(f"<{name}{said}>{inside}</{name}>")


def flat(children: Iterable[Child]) -> Iterable[str]:
    """Yield children, those of lists one by one."""
    for child in children:
        if isinstance(child, str):
            yield child
        else:
            yield from child


def attribute(key: str, value: object) -> str:
    """Return an attribute as it is written, with the space before it."""
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


def safe(text: str) -> str:
    """Return text escaped; markup as it is."""
    return text if isinstance(text, Html) else escape(text)


def joined(parts: Iterable[str]) -> Html:
    """Return parts one after the other, escaped as they need."""
    return Html("".join(safe(part) for part in parts))
