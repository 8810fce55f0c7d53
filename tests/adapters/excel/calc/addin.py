"""Make a LibreOffice Calc add-in of the registry: interface, configuration, package.

Run in the project's environment: ``python addin.py FOLDER``. Calc finds add-ins by
CalcAddIns.xcu, their interface in an rdb, and the component in a .components file.
"""

import subprocess
import sys
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from riskplugin.adapters.excel.registry import FUNCTIONS

IMPLEMENTATION = "riskplugin.test.AddIn"
SDK = "/usr/lib/libreoffice/sdk/bin/unoidl-write"
TYPES = (
    "/usr/lib/libreoffice/program/types.rdb",
    "/usr/lib/libreoffice/program/types/offapi.rdb",
)
MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="http://openoffice.org/2001/manifest">
<manifest:file-entry manifest:full-path="risk.rdb"
 manifest:media-type="application/vnd.sun.star.uno-typelibrary;type=RDB"/>
<manifest:file-entry manifest:full-path="CalcAddIns.xcu"
 manifest:media-type="application/vnd.sun.star.configuration-data"/>
<manifest:file-entry manifest:full-path="risk.components"
 manifest:media-type="application/vnd.sun.star.uno-components"/>
</manifest:manifest>"""
COMPONENTS = f"""<?xml version="1.0" encoding="UTF-8"?>
<components xmlns="http://openoffice.org/2010/uno-components">
<component loader="com.sun.star.loader.Python" uri="component.py">
<implementation name="{IMPLEMENTATION}"><service name="{IMPLEMENTATION}"/>
<service name="com.sun.star.sheet.AddIn"/></implementation>
</component></components>"""
DESCRIPTION = """<?xml version="1.0" encoding="UTF-8"?>
<description xmlns="http://openoffice.org/extensions/description/2006">
<identifier value="riskplugin.test"/><version value="1"/></description>"""
XCU = """<?xml version="1.0" encoding="UTF-8"?>
<oor:component-data xmlns:oor="http://openoffice.org/2001/registry"
 oor:name="CalcAddIns" oor:package="org.openoffice.Office">
<node oor:name="AddInInfo"><node oor:name="{name}" oor:op="replace">
<node oor:name="AddInFunctions">{functions}</node></node></node>
</oor:component-data>"""


def method(name):
    """Return the name of a function in the interface: riskStressPnl."""
    first, *rest = name.lower().split("_")
    return first + "".join(part.capitalize() for part in rest)


def interface():
    """Return the interface in UNO's language."""
    lines = []
    for f in FUNCTIONS.values():
        kind = "sequence< sequence< any > >" if f.spills else "any"
        given = ", ".join(f"[in] any a{i}" for i in range(len(f.arguments)))
        lines.append(f"{kind} {method(f.name)}({given});")
    body = "\n".join(lines)
    return (
        "module riskplugin { module test {\n"
        f"interface XRisk {{\n{body}\n}};\n}}; }};\n"
    )


def configuration():
    """Return what tells Calc the functions' names and arguments."""

    def prop(name, text):
        value = f'<value xml:lang="en">{escape(text)}</value>'
        return f'<prop oor:name="{name}">{value}</prop>'

    nodes = []
    for f in FUNCTIONS.values():
        arguments = "".join(
            f'<node oor:name="a{i}" oor:op="replace">'
            f"{prop('DisplayName', a.name)}{prop('Description', a.help)}</node>"
            for i, a in enumerate(f.arguments)
        )
        nodes.append(
            f'<node oor:name="{method(f.name)}" oor:op="replace">'
            f"{prop('DisplayName', f.name)}{prop('Description', f.help)}"
            '<prop oor:name="Category"><value>Add-In</value></prop>'
            f"{prop('CompatibilityName', f.name)}"
            f'<node oor:name="Parameters">{arguments}</node></node>'
        )
    return XCU.format(name=IMPLEMENTATION, functions="".join(nodes))


def make(folder):
    """Write the extension into a folder and return its path."""
    idl, rdb = folder / "risk.idl", folder / "risk.rdb"
    idl.write_text(interface(), "utf-8")
    subprocess.run([SDK, *TYPES, str(idl), str(rdb)], check=True, capture_output=True)
    component = Path(__file__).with_name("component.py").read_text("utf-8")
    extension = folder / "risk.oxt"
    with zipfile.ZipFile(extension, "w") as archive:
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("description.xml", DESCRIPTION)
        archive.writestr("CalcAddIns.xcu", configuration())
        archive.writestr("risk.components", COMPONENTS)
        archive.writestr("component.py", component)
        archive.write(rdb, "risk.rdb")
    return extension


if __name__ == "__main__":
    print(make(Path(sys.argv[1])))
