"""xlwings' own COM machinery on a system without Windows.

`install` replaces the binary modules of pywin32 by stand-ins and says "win32" while
xlwings is imported; all of xlwings (`com_server`, `udfs`, `conversion`) is then the
code that runs beside Excel. What pywin32 itself does is imitated here, so that is not
proven: numbers leave a cell as floats, blanks as None, errors as integers, dates as
aware datetimes from `.Value`; `.Value2`, which our VBA reads, gives serials instead.

To be used in a process of its own: nothing of this is undone.
"""

import asyncio
import atexit
import concurrent.futures
import ctypes
import datetime as dt
import importlib
import locale
import subprocess
import sys
import threading
import types

import numpy as np
import pandas as pd

LOADED_FIRST = (concurrent.futures, locale, subprocess, np, pd)  # as on this system
RANGE = "{00020846-0000-0000-C000-000000000046}"
MISSING = -2147352572
NOT_AVAILABLE = -2146826246
DIVISION = -2146826281
SPILL = -2146826245  # one that xlwings does not know
EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - Excel's have no time zone


class ComError(Exception):
    """pywintypes.com_error."""

    def __init__(self, *args):
        super().__init__(*args)
        self.hresult = args[0] if args else 0


class ComTime(dt.datetime):
    """pywintypes.TimeType."""


class Wrapped:
    """What win32com.server.util.wrap gives: opaque to whoever holds it."""

    def __init__(self, held):
        self._held = held


class Anything:
    """A part of Windows that is touched, and never matters."""

    def __getattr__(self, name):
        return Anything()

    def __call__(self, *args, **options):
        return Anything()


def unwrap(wrapped):
    """Return what `wrap` was given, as win32com.server.util does."""
    if not isinstance(wrapped, Wrapped):
        raise ValueError("not wrapped")  # noqa: TRY004 - what pywin32 raises
    return wrapped._held


def module(name, **content):
    """Put a stand-in for a module where `import` finds it."""
    made = types.ModuleType(name)
    made.__dict__.update(content)
    sys.modules[name] = made
    return made


def stand_ins():
    """Put a stand-in for every binary module of pywin32."""
    module(
        "pywintypes",
        IID=type("IID", (str,), {}),
        com_error=ComError,
        error=type("error", (Exception,), {}),
        TimeType=ComTime,
    )
    boxes = ["OK", "OKCANCEL", "YESNO", "YESNOCANCEL", "ICONINFORMATION", "ICONWARNING"]
    module("win32api", GetCurrentThreadId=lambda: 0)
    module("win32con", **{f"MB_{box}": 0 for box in boxes})
    module("win32event", INFINITE=-1, QS_ALLEVENTS=0, WAIT_OBJECT_0=0)
    module("win32gui")
    module("win32process", GetWindowThreadProcessId=lambda _: (1, 4242))
    utc = staticmethod(lambda: dt.UTC)
    module("win32timezone", TimeZoneInfo=types.SimpleNamespace(utc=utc))
    module(
        "pythoncom",
        __file__="stand-in",
        CoInitialize=lambda: None,
        ole_error=ComError,
        IID_IDispatch="IDispatch",
        IID_IEnumVARIANT="IEnumVARIANT",
        TypeIIDs={"IDispatch": type("PyIDispatch", (), {})},
        DISPATCH_PROPERTYGET=2,
        DISPATCH_PROPERTYPUT=4,
        CLSCTX_LOCAL_SERVER=4,
    )
    com = module("win32com", __path__=[])
    com.client = module(
        "win32com.client",
        **{
            name: type(name, (), {})
            for name in ("CDispatch", "CoClassBaseClass", "DispatchBaseClass")
        },
        Dispatch=lambda found, *_, **__: found,
        DispatchEx=lambda found, *_, **__: found,
        gencache=types.SimpleNamespace(EnsureModule=lambda *_, **__: None),
    )
    com.server = module("win32com.server", __path__=[])
    com.server.util = module(
        "win32com.server.util", unwrap=unwrap, wrap=lambda held, iid=None: Wrapped(held)
    )
    com.server.policy = module("win32com.server.policy", DefaultPolicy=object)
    com.server.dispatcher = module("win32com.server.dispatcher")


def install():
    """Return xlwings as it is on Windows."""
    if "xlwings" in sys.modules:
        raise RuntimeError("xlwings is there already: a new process is needed")
    stand_ins()
    ctypes.windll = ctypes.oledll = Anything()
    library, system = ctypes.PyDLL, sys.platform
    ctypes.PyDLL = lambda *_, **__: Anything()
    ctypes.WINFUNCTYPE = ctypes.CFUNCTYPE
    sys.platform = "win32"
    try:
        xlwings = importlib.import_module("xlwings")
        importlib.import_module("xlwings.com_server")
    finally:
        sys.platform, ctypes.PyDLL = system, library
    atexit.unregister(xlwings._xlwindows.cleanup)
    loop = xlwings.com_server.loop  # what serve() does
    threading.Thread(
        target=lambda: (asyncio.set_event_loop(loop), loop.run_forever()), daemon=True
    ).start()
    return xlwings


# --- cells ----------------------------------------------------------------------------


def value2(cell):
    """Return a cell as `.Value2` and pywin32 hand it over."""
    if isinstance(cell, dt.datetime):
        return (cell - EPOCH) / dt.timedelta(days=1)
    if isinstance(cell, bool | str) or cell is None:
        return cell
    return cell if cell in (NOT_AVAILABLE, DIVISION, SPILL) else float(cell)


def values(rows):
    """Return a range as our VBA passes it: one cell bare, else rows in a tuple."""
    passed = tuple(tuple(value2(cell) for cell in row) for row in rows)
    return passed[0][0] if len(passed) == 1 and len(passed[0]) == 1 else passed


class FakeRange:
    """A Range object, as the stock wrapper of xlwings passes it."""

    CLSID = RANGE

    class _oleobj_:  # noqa: N801 - named by pywin32
        @staticmethod
        def GetTypeInfo():  # noqa: N802 - named by COM
            found = types.SimpleNamespace(iid=sys.modules["pywintypes"].IID(RANGE))
            return types.SimpleNamespace(GetTypeAttr=lambda: found)

    def __init__(self, rows):
        self.rows = rows
        self.Row = self.Column = 1
        self.Rows = types.SimpleNamespace(Count=len(rows))
        self.Columns = types.SimpleNamespace(Count=len(rows[0]))
        self.Count = len(rows) * len(rows[0])
        app = types.SimpleNamespace(Hwnd=1, Version="16.0")
        book = types.SimpleNamespace(Application=app, Name="fake.xlsx")
        self.Worksheet = types.SimpleNamespace(
            Parent=book, Name="Sheet1", Application=app
        )

    @property
    def Value(self):  # noqa: N802 - named by Excel
        """Return the cells as `.Value` gives them: dates are aware datetimes."""
        found = tuple(tuple(as_value(cell) for cell in row) for row in self.rows)
        return found[0][0] if self.Count == 1 else found


def as_value(cell):
    """Return a cell as `.Value` and pywin32 hand it over."""
    if isinstance(cell, dt.datetime):
        return ComTime(*cell.timetuple()[:6], tzinfo=dt.UTC)
    return value2(cell)
