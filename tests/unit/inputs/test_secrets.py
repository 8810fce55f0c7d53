"""No host, user or password of a database or a URL in anything that comes out."""

import io
import logging
import os
import pickle
import subprocess
import sys
import traceback
import zipfile

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

import riskplugin as rp
from riskplugin.errors import Place
from riskplugin.inputs.reading import Findings
from riskplugin.inputs.references import QueryRef
from riskplugin.sources import query_tables
from riskplugin.sources.databases import access_of
from riskplugin.sources.query_tables import Databases

USER, PASSWORD, HOST = "u5er_of_desk", "pa55/w@rd", "h0st.invalid"
QUOTED = "pa55%2Fw%40rd"
SECRETS = (USER, PASSWORD, QUOTED, HOST, "t0ken")
DESK = """
as_of = 2026-05-29
[tables]
positions = {url_env = "DESK_DB", query = "select * from positions", retries = 0}
prices = "prices.csv"
fx = "fx.csv"
"""


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(query_tables, "PAUSES", (0.0,))


@pytest.fixture
def said(caplog):
    """Return everything that tells of an error, causes and locals of frames included.

    Every logger is at its most talkative.
    """
    caplog.set_level(logging.DEBUG)
    for name in ("sqlalchemy", "sqlalchemy.pool", "sqlalchemy.engine", "psycopg"):
        caplog.set_level(logging.DEBUG, name)

    def said(action):
        with pytest.raises(rp.RiskPluginError, match=r"\w") as caught:
            action()
        error = caught.value
        while error is not None:
            assert type(error).__module__.startswith("riskplugin"), repr(error)
            error = error.__cause__ or error.__context__
        told = traceback.TracebackException.from_exception(
            caught.value, capture_locals=True
        )
        ours = [f for f in told.stack if "riskplugin" in f.filename]
        local = [repr(f.locals) for f in ours if "/tests/" not in f.filename]
        again = pickle.loads(pickle.dumps(caught.value))
        return "\n".join(
            [
                *(str(caught.value), repr(caught.value), str(again), *local),
                *("".join(traceback.format_exception(caught.value)), caplog.text),
            ]
        )

    return said


def url(scheme="postgresql", host=HOST, more=""):
    return f"{scheme}://{USER}:{QUOTED}@{host}:1/desk{more}"


@pytest.mark.parametrize(
    "held",
    [
        url(),
        url(host="127.0.0.1"),
        url("postgres"),
        url("postgresql+nothing"),
        url("nothing"),
        url("mysql+pymysql"),
        url(more="?sslmode=t0ken"),
        url(more="?t0ken=t0ken"),
        url("sqlite", more="?t0ken=1"),
        f"{USER}:{PASSWORD}@{HOST}",
        f"postgresql:/{USER}:{PASSWORD}@{HOST}",
        f"postgresql://{USER}:{PASSWORD}@{HOST}:p0rt/desk",
        f"postgresql://{USER}:pa55%@{HOST}/desk",
        f"host={HOST} user={USER} password={PASSWORD}",
    ],
)
def test_database_that_is_not_reached(folder, monkeypatch, said, held):
    monkeypatch.setenv("DESK_DB", held)
    text = said(lambda: rp.load_desk(folder(DESK)))
    assert "DESK_DB" in text
    assert [s for s in SECRETS if s in text] == []


@pytest.fixture
def read(monkeypatch, postgres):
    """Put a query to the server with the credentials of a reader."""
    monkeypatch.setenv("DESK_DB", postgres.url())

    def read(query, **keys):
        databases = Databases("desk.toml", None, Findings())
        ref = QueryRef(url_env="DESK_DB", query=query, retries=0, **keys)
        return databases.read(ref, "prices")

    return read


def of(postgres):
    whole = postgres.url()
    return [
        postgres.secret,
        whole.split("//")[1].split("@")[0],
        postgres.reader,
        str(postgres.port),
        "127.0.0.1",
    ]


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("select * from nowhere", {}),
        ("select * from pg_authid", {}),
        ("select current_user::int", {}),
        ("select current_setting('no.such') || current_user", {}),
        ("select nextval('pg_class_oid_seq')", {}),
        ("select pg_sleep(9)", {"timeout_seconds": 0.2}),
        ("select pg_terminate_backend(pg_backend_pid())", {}),
        ("select pg_read_file('/etc/passwd')", {}),
        ("select 1 as a, 2 as a", {}),
    ],
)
def test_query_that_is_refused(read, postgres, said, query, keys):
    text = said(lambda: read(query, **keys))
    assert [s for s in of(postgres) if s in text] == []


def test_login_that_is_refused(read, postgres, monkeypatch, said):
    monkeypatch.setenv("DESK_DB", postgres.url(password=PASSWORD))
    text = said(lambda: read("select 1"))
    assert [s for s in (*of(postgres), PASSWORD, QUOTED) if s in text] == []


def test_reading_that_succeeds_logs_no_secret(read, postgres, caplog):
    for name in ("", "sqlalchemy", "sqlalchemy.pool", "psycopg"):
        caplog.set_level(logging.DEBUG, name)
    read("select 1 as a")
    assert [s for s in of(postgres) if s in caplog.text] == []


def test_access_shows_itself_without_secrets(monkeypatch):
    monkeypatch.setenv("DESK_DB", url(more="?sslrootcert=t0ken"))
    ref = QueryRef(url_env="DESK_DB", query="select 1")
    access = access_of(ref, "desk.toml", "prices")
    assert repr(access) == "postgresql database 'desk' of DESK_DB"
    assert f"{access}" == repr(access)


MISPLACED = [
    f'positions = "postgresql://{USER}:{QUOTED}@{HOST}/desk"',
    f'positions = {{path = "https://{USER}:{QUOTED}@{HOST}/positions.csv"}}',
    f'positions = {{url = "postgres://{USER}:{QUOTED}@{HOST}/d", query = "select 1"}}',
    f'positions = {{url_env = "postgres://{USER}:{QUOTED}@{HOST}/d", query = "x"}}',
    f'positions = {{url_env = "DB", password_env = "{PASSWORD}", query = "select 1"}}',
    f'positions = {{url_env = "DB", query = "postgres://{USER}:{QUOTED}@{HOST}/d"}}',
    f'positions = {{path = "s3://b/p", storage_options_env = {{key = "{PASSWORD}"}}}}',
    f'positions = {{path = ["{PASSWORD}"]}}',
    f'positions = ["{PASSWORD}", "{USER}"]',
    f'positions = {{url_env = "DB", query = "select 1", password = "{PASSWORD}"}}',
    f'positions = {{path = "p.csv", storage_options = {{secret = "{PASSWORD}"}}}}',
    f'positions = "https://{HOST}/positions.pdf?sig=t0ken"',
]


@pytest.mark.parametrize("line", MISPLACED)
def test_secret_in_the_wrong_place_is_not_repeated(folder, monkeypatch, line):
    """The variables that are named hold nothing that could be asked."""
    monkeypatch.delenv("DB", raising=False)
    desk = folder(f'[tables]\n{line}\nprices = "prices.csv"\n')
    with pytest.raises(rp.InputError, match="positions") as caught:
        rp.load_desk(desk)
    outside = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert [s for s in (USER, PASSWORD, QUOTED, "t0ken") if s in outside] == []


def test_run_folder_and_screen_hold_no_secret(folder, postgres, tmp_path, large):
    """The whole command, from the environment to the run folder."""
    postgres.execute(
        "DROP TABLE IF EXISTS lots",
        "CREATE TABLE lots (book text, instrument text, quantity numeric)",
        "INSERT INTO lots VALUES ('a', 'MU', 100), ('b', 'BTC', -3)",
        f"GRANT SELECT ON lots TO {postgres.reader}",
    )
    tables = (
        '[tables]\npositions = {url_env = "DESK_DB", query = "select * from lots"}\n'
        'prices = "prices.csv"\nfx = "fx.csv"\n'
    )
    files = {"prices.csv": large["prices"], "fx.csv": large["fx"]}
    desk, store = folder(tables, files), tmp_path / "store"
    command = [sys.executable, "-m", "riskplugin", "run", str(desk)]
    here = {**os.environ, "DESK_DB": postgres.url()}
    done = subprocess.run(
        [*command, "--store", str(store)], env=here, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = [p for p in store.rglob("*") if p.is_file()]
    assert {"manifest.json", "summary.md"} <= {p.name for p in found}
    outputs = [done.stdout, done.stderr, *(str(p).encode() for p in found)]
    outputs += [content for path in found for content in contents(path)]
    port = str(postgres.port)  # among figures its digits stand by chance
    secrets = [s.encode() for s in of(postgres) if s not in ("127.0.0.1", port)]
    secrets.append(f":{port}".encode())
    assert [s for s in secrets for text in outputs if s in text] == []
    refused = subprocess.run(
        [*command, "--store", str(store)],
        env={**here, "DESK_DB": postgres.url(password=PASSWORD)},
        capture_output=True,
        check=False,
    )
    assert refused.returncode == 3
    assert b"cannot be opened" in refused.stdout + refused.stderr
    lost = subprocess.run(
        [*command, "--store", str(store)],
        env={**here, "DESK_DB": url(host="127.0.0.1")},
        capture_output=True,
        check=False,
    )
    assert lost.returncode == 5
    for output in (refused.stdout, refused.stderr, lost.stdout, lost.stderr):
        assert [s for s in (*of(postgres), *SECRETS) if s.encode() in output] == []


def contents(path):
    """Yield the bytes of a file, and of the parts of one that is a zip."""
    yield path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as parts:
            yield from (parts.read(name) for name in parts.namelist())


class Vault(MemoryFileSystem):
    """A remote store that wants a key and a secret, and tells both when it fails."""

    protocol = "vault"
    cachable = False

    @classmethod
    def _strip_protocol(cls, path):
        return "/" + path.removeprefix("vault://").lstrip("/")

    def __init__(self, key="", secret="", **rest):
        super().__init__(**rest)
        self.key, self.secret = key, secret

    def _open(self, path, *words, **rest):
        if (self.key, self.secret) != (USER, PASSWORD):
            raise RuntimeError(f"{self.key}:{self.secret} has no right to {path}")
        return super()._open(path, *words, **rest)


@pytest.fixture
def vault(monkeypatch, positions):
    """A store that holds positions.csv."""
    fsspec.register_implementation("vault", Vault, clobber=True)
    text = io.StringIO()
    positions.to_csv(text, index=False)
    MemoryFileSystem().pipe("/desk/positions.csv", text.getvalue().encode())
    yield
    MemoryFileSystem().rm("/desk", recursive=True)


REMOTE = """
[tables]
prices = "prices.csv"
fx = "fx.csv"
[tables.positions]
path = "vault://desk/positions.csv"
storage_options_env = {key = "VAULT_KEY", secret = "VAULT_SECRET"}
"""


def test_options_of_a_url_come_from_the_environment(
    folder, vault, load, same_desk, monkeypatch
):
    monkeypatch.setenv("VAULT_KEY", USER)
    monkeypatch.setenv("VAULT_SECRET", PASSWORD)
    same_desk(rp.load_desk(folder(REMOTE)), load())


def test_options_that_are_refused_are_not_shown(folder, vault, monkeypatch):
    monkeypatch.setenv("VAULT_KEY", USER)
    monkeypatch.setenv("VAULT_SECRET", HOST)
    with pytest.raises(
        rp.SchemaError, match=r"RuntimeError: \S+ has no right"
    ) as caught:
        rp.load_desk(folder(REMOTE))
    text = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert [s for s in (USER, HOST) if s in text] == []


def test_option_without_its_variable_is_named(folder, vault, monkeypatch):
    monkeypatch.setenv("VAULT_KEY", USER)
    monkeypatch.delenv("VAULT_SECRET", raising=False)
    with pytest.raises(rp.ConfigError, match="VAULT_SECRET is not set") as caught:
        rp.load_desk(folder(REMOTE))
    place = Place("positions.csv", None, "tables.positions.storage_options_env")
    assert caught.value.issues[0].where == place
