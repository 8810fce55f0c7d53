"""The add-in inside LibreOffice: every function asks the project's own process.

LibreOffice runs the system's Python, which has none of our packages: a call goes as a
line of JSON over the socket that RISKPLUGIN_CALC names, to server.py.
"""

import json
import os
import socket
import struct

import unohelper
from com.sun.star.lang import XServiceInfo
from riskplugin.test import XRisk

IMPLEMENTATION = "riskplugin.test.AddIn"
ERRORS = {"#N/A": 0x7FFF, "#VALUE!": 519, "#NUM!": 503}  # as Calc has them, in NaNs


def cell(value):
    """Return a cell as Calc takes it."""
    if isinstance(value, dict):
        bits = 0x7FF8000000000000 | ERRORS[value["error"]]
        return struct.unpack("<d", struct.pack("<Q", bits))[0]
    return value if isinstance(value, str) else float(value)


def plain(value):
    """Return an argument as JSON has it."""
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    return value if isinstance(value, (str, float, int, bool)) else None


class Connection:
    """The line to server.py, opened once."""

    file = None

    @classmethod
    def ask(cls, name, arguments):
        """Return the rows that a function gives."""
        if cls.file is None:
            line = socket.socket(socket.AF_UNIX)
            line.connect(os.environ["RISKPLUGIN_CALC"])
            cls.file = line.makefile("rw", encoding="utf-8")
        cls.file.write(json.dumps([name, [plain(a) for a in arguments]]) + "\n")
        cls.file.flush()
        return json.loads(cls.file.readline())


class AddIn(unohelper.Base, XServiceInfo, XRisk):
    """The component; its methods are those of the interface."""

    def __init__(self, context, *_):
        self.context = context

    def getImplementationName(self):
        return IMPLEMENTATION

    def supportsService(self, name):
        return name in self.getSupportedServiceNames()

    def getSupportedServiceNames(self):
        return (IMPLEMENTATION, "com.sun.star.sheet.AddIn")


def bound(name, spills):
    """Return a method that asks for a function."""

    def ask(_self, *arguments):
        rows = Connection.ask(name, arguments)
        found = tuple(tuple(cell(c) for c in row) for row in rows)
        return found if spills else found[0][0]

    return ask


for _name, _spills in json.loads(os.environ["RISKPLUGIN_CALC_FUNCTIONS"]).items():
    _first, *_rest = _name.lower().split("_")
    _method = _first + "".join(part.capitalize() for part in _rest)
    setattr(AddIn, _method, bound(_name, _spills))

g_ImplementationHelper = unohelper.ImplementationHelper()
g_ImplementationHelper.addImplementation(
    AddIn, IMPLEMENTATION, (IMPLEMENTATION, "com.sun.star.sheet.AddIn")
)
