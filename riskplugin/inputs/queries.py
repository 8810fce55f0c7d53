"""The text of a query: one statement that reads, and the parameters it names."""

import re

AS_OF = "as_of"
QUOTED = r"""
      (?P<comment>  --[^\n]* | /\*.*?\*/ )
    | (?P<quoted>   (?<!\w)[eE]'(?:[^'\\]|\\.|'')*'      # text with escapes
                  | '(?:[^']|'')*'                       # text
                  | "(?:[^"]|"")*"                       # a name
                  | `[^`]*`                              # a name
                  | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$      # text between dollars
      )
    | (?P<open>     /\* | ['"`] )                        # one that never ends
"""
PIECES = re.compile(QUOTED, re.DOTALL | re.VERBOSE)
PARAMETER = re.compile(r"(?<![:\w\\]):([^\W\d]\w*)(?!:)")  # not ::date, not 12:30
INNERMOST = re.compile(r"\([^()]*\)")
READS = ("select", "with")


def check_query(query: str) -> str:
    """Return a query that is one statement that reads, with no parameter but as_of.

    Raises
    ------
    ValueError
        If it is something else.
    """
    code = code_of(query).rstrip("; \t\r\n").lstrip()
    if not code:
        raise ValueError("the query is empty; write one SELECT")
    if ";" in code:
        raise ValueError("the query holds several statements; write one SELECT")
    if code.split(maxsplit=1)[0].split("(")[0].casefold() not in READS:
        raise ValueError("the query does not begin with SELECT or WITH")
    unknown = sorted(parameters(query) - {AS_OF})
    if unknown:
        names = ", ".join(f":{name}" for name in unknown)
        raise ValueError(f"unknown parameter {names} in the query; there is :{AS_OF}")
    return query


def parameters(query: str) -> set[str]:
    """Return the names that stand as ``:name`` outside of text and comments."""
    return set(PARAMETER.findall(code_of(query)))


def is_ordered(query: str) -> bool:
    """Whether the rows of a query come in an order that it names."""
    code = code_of(query)
    while (flat := INNERMOST.sub(" ", code)) != code:
        code = flat
    return re.search(r"\border\s+by\b", code, re.IGNORECASE) is not None


def to_execute(query: str) -> str:
    """Return a query as SQLAlchemy's ``text`` takes it.

    Comments and a last semicolon go; a colon inside of text or a name is no parameter.
    """

    def piece(found: re.Match[str]) -> str:
        quoted = found["quoted"]
        return " " if quoted is None else quoted.replace(":", "\\:")

    return PIECES.sub(piece, query).rstrip("; \t\r\n")


def code_of(query: str) -> str:
    """Return a query without comments, its texts and quoted names empty.

    Raises
    ------
    ValueError
        If a quote or comment never ends.
    """

    def piece(found: re.Match[str]) -> str:
        if found["open"]:
            raise ValueError(f"a {found['open']} in the query is never closed")
        return " " if found["quoted"] is None else "''"

    return PIECES.sub(piece, query)
