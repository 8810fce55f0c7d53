"""A PostgreSQL of the tests' own: a folder, a free port, a user who is not root."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

import psycopg

OWNERS = ("postgres", "nobody")
SYSTEM = Path("/usr/lib/postgresql")
SETTINGS = (
    "listen_addresses = '127.0.0.1'",
    "fsync = off",
    "shared_buffers = 16MB",
    "log_statement = 'all'",
    "timezone = 'Asia/Seoul'",  # not UTC: what depends on it must show
    "datestyle = 'German'",
    "max_connections = 20",
)


def programs():
    """Return the folder of initdb and pg_ctl, None if PostgreSQL is not installed."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(SYSTEM.glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    return versions[-1].parent if versions else None


def free_port():
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


class Server:
    """A cluster with a database `desk`, its owner, and a reader with a password."""

    admin, reader = "cluster_admin", "quiet_reader"

    def __init__(self):
        self.programs = programs()
        self.home = Path(tempfile.mkdtemp(prefix="pg-"))
        self.data = self.home / "data"
        self.port = free_port()
        self.secret = f"p@ss:/{secrets.token_hex(8)}%"
        self.owner = None
        if os.geteuid() == 0:
            self.owner = next(o for o in OWNERS if has_user(o))
            shutil.chown(self.home, self.owner)
        password = self.home / "password"
        password.write_text(self.secret)
        if self.owner:
            shutil.chown(password, self.owner)
        self.run(
            "initdb",
            *("-D", self.data, "-U", self.admin, "-E", "UTF8", "--locale=C"),
            *("--auth=scram-sha-256", f"--pwfile={password}", "--no-sync"),
        )
        lines = (
            *SETTINGS,
            f"port = {self.port}",
            f"unix_socket_directories = '{self.home}'",
        )
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write("\n".join(lines) + "\n")
        self.start()
        self.execute(f"CREATE ROLE {self.reader} LOGIN PASSWORD '{self.secret}'")

    def run(self, program, *words, check=True):
        command = [self.programs / program, *words]
        if self.owner:
            command = ["runuser", "-u", self.owner, "--", *command]
        return subprocess.run(
            list(map(str, command)),
            check=check,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def control(self, verb, *words, check=True):
        return self.run("pg_ctl", verb, "-D", self.data, "-w", *words, check=check)

    def start(self):
        self.control("start", "-l", self.home / "log")

    def stop(self, mode="fast"):
        self.control("stop", "-m", mode)

    def close(self):
        self.control("stop", "-m", "immediate", check=False)
        shutil.rmtree(self.home, ignore_errors=True)

    def log(self):
        return (self.home / "log").read_text("utf-8", "replace")

    def url(self, user=None, password=None, database="postgres"):
        user, password = user or self.reader, password or self.secret
        who = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{who}@127.0.0.1:{self.port}/{database}"

    def connect(self):
        return psycopg.connect(self.url(self.admin), autocommit=True)

    def execute(self, *statements):
        with self.connect() as connection:
            for statement in statements:
                connection.execute(statement)

    def one(self, query):
        with self.connect() as connection:
            return connection.execute(query).fetchone()[0]


def has_user(name):
    import pwd  # noqa: PLC0415 - not everywhere

    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
