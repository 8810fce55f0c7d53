"""Where a table of desk.toml is: a path, a file with its columns, or a query."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
)

from riskplugin.inputs.queries import check_query


def _a_number(value: object) -> object:
    if isinstance(value, bool | str):
        raise ValueError("a number is needed")  # noqa: TRY004 - pydantic takes these
    return value


Number = Annotated[float, BeforeValidator(_a_number)]
Whole = Annotated[int, BeforeValidator(_a_number)]
Positive = Annotated[Number, Field(gt=0)]
Fraction = Annotated[Number, Field(gt=0, lt=1)]


class Strict(BaseModel):
    """A section that takes no key it does not know."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        validate_default=True,
        hide_input_in_errors=True,  # what is wrong may be a password in a wrong place
    )


def _without_password(path: str) -> str:
    if re.search(r"://[^/@]*:[^/@]*@", path):
        raise ValueError(
            "a URL with a password; name environment variables instead: "
            "storage_options_env for a file, url_env for a database"
        )
    return path


def _a_variable(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise ValueError(
            'the name of an environment variable is needed, such as "DESK_DB"; '
            "what it holds is never written into a file"
        )
    return name


FilePath = Annotated[str, AfterValidator(_without_password)]
Variable = Annotated[str, AfterValidator(_a_variable)]
Query = Annotated[str, AfterValidator(check_query)]


class TableRef(Strict):
    """A table in a file, and what its columns are called there."""

    path: FilePath = Field(
        description="File, relative to the folder of desk.toml, or absolute, or a URL "
        "that fsspec opens."
    )
    sheet: str | None = Field(
        None, description="Sheet of an XLSX file; the first where absent."
    )
    columns: dict[str, str] = Field(
        default={}, description='Our names to the file\'s: `{quantity = "Qty"}`.'
    )
    storage_options_env: dict[str, Variable] = Field(
        default={},
        description="Options of fsspec for a URL to the environment variables that "
        'hold them: `{key = "S3_KEY", secret = "S3_SECRET"}`.',
    )


class QueryRef(Strict):
    """A table that a database gives."""

    url_env: Variable = Field(
        description="Environment variable that holds the database's URL, such as "
        "`postgresql://host/name` or `sqlite:////folder/desk.db`."
    )
    query: Query = Field(
        description="One SELECT or WITH; `:as_of` stands for the valuation date."
    )
    user_env: Variable | None = Field(
        None,
        description="Environment variable that holds the user, if the URL does not.",
    )
    password_env: Variable | None = Field(
        None,
        description="Environment variable that holds the password, if the URL does "
        "not; it is taken as it stands, without URL escapes.",
    )
    columns: dict[str, str] = Field(
        default={}, description="Our names to the query's, as for a file."
    )
    timeout_seconds: Positive = Field(
        300, le=86_400, description="Longest time that one attempt may take."
    )
    retries: Whole = Field(
        3,
        ge=0,
        le=10,
        description="Attempts after the first if the database is lost, after pauses "
        "of 1, 2, 4, … up to 30 seconds.",
    )
    max_rows: Whole = Field(
        5_000_000, gt=0, description="More rows than these are refused."
    )


class ExportRef(Strict):
    """A database that finished runs are exported to."""

    url_env: Variable = Field(
        description="Environment variable that holds the database's URL, of PostgreSQL "
        "or SQLite."
    )
    user_env: Variable | None = Field(
        None, description="Environment variable that holds the user, as for a query."
    )
    password_env: Variable | None = Field(
        None, description="Environment variable that holds the password."
    )
    schema_name: str | None = Field(
        None,
        min_length=1,
        description="Schema of PostgreSQL that the tables are in, made if it is not "
        "there; the user's own where absent.",
    )
    prefix: str = Field(
        "risk_",
        pattern=r"^[a-z_][a-z0-9_]*$",
        max_length=30,
        description="What the names of the tables begin with: `risk_stress`.",
    )
    tables: list[str] = Field(
        default=[], description="Results to export; all of them where empty."
    )
    timeout_seconds: Positive = Field(
        600, le=86_400, description="Longest time that one attempt may take."
    )
    retries: Whole = Field(
        3,
        ge=0,
        le=10,
        description="Attempts after the first if the database is lost, after pauses "
        "of 1, 2, 4, … up to 30 seconds.",
    )


def _kind_of_table(value: object) -> str | None:
    if isinstance(value, str):
        return "str"
    if isinstance(value, TableRef | QueryRef):
        return type(value).__name__
    if not isinstance(value, Mapping):
        return None
    return "QueryRef" if {"query", "url_env"} & set(value) else "TableRef"


Reference = Annotated[
    Annotated[FilePath, Tag("str")]
    | Annotated[TableRef, Tag("TableRef")]
    | Annotated[QueryRef, Tag("QueryRef")],
    Discriminator(
        _kind_of_table,
        custom_error_type="table",
        custom_error_message="A path, or a table with a path or a query is needed",
    ),
]
REFERENCES: Mapping[str, type[BaseModel] | None] = {
    "str": None,
    "TableRef": TableRef,
    "QueryRef": QueryRef,
}
