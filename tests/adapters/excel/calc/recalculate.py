"""Recalculate workbooks in LibreOffice and print every formula cell as JSON.

Run with the system's Python: ``python3 recalculate.py PIPE BOOK [SHEET CELL VALUE]…``.
Formulas are entered anew, so that the add-in's names bind; then all is calculated.
"""

import json
import os
import sys
import time

import uno
from com.sun.star.beans import PropertyValue

FORMULA, STRING = 16, 2
SECONDS = 60


def office(pipe):
    """Return the desktop of the office that listens on a pipe."""
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext(
        "com.sun.star.bridge.UnoUrlResolver", local
    )
    url = f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext"
    for _ in range(SECONDS * 5):
        try:
            there = resolver.resolve(url)
            break
        except Exception:  # not up yet
            time.sleep(0.2)
    return there.ServiceManager.createInstanceWithContext(
        "com.sun.star.frame.Desktop", there
    )


def separated(formula):
    """Return a formula with the separators that the interface takes."""
    parts = formula.split('"')
    return '"'.join(p if i % 2 else p.replace(",", ";") for i, p in enumerate(parts))


def places(sheet):
    """Yield column and row of every cell with a formula."""
    for area in sheet.queryContentCells(FORMULA).RangeAddresses:
        for row in range(area.StartRow, area.EndRow + 1):
            for column in range(area.StartColumn, area.EndColumn + 1):
                yield column, row


def enter_again(sheet):
    """Enter every formula of a sheet anew."""
    done = set()
    for column, row in list(places(sheet)):
        if (column, row) in done:
            continue
        cell = sheet.getCellByPosition(column, row)
        if not cell.ArrayFormula:
            cell.Formula = cell.Formula
            continue
        cursor = sheet.createCursorByRange(cell)
        cursor.collapseToCurrentArray()
        a = cursor.RangeAddress
        formula = separated(cell.ArrayFormula[1:-1])
        whole = sheet.getCellRangeByPosition(
            a.StartColumn, a.StartRow, a.EndColumn, a.EndRow
        )
        whole.ArrayFormula = ""
        whole.ArrayFormula = formula
        done |= {
            (c, r)
            for c in range(a.StartColumn, a.EndColumn + 1)
            for r in range(a.StartRow, a.EndRow + 1)
        }


def shown(cell):
    """Return what a cell holds: an error as its number, a text, or a number."""
    if cell.getError():
        return {"error": cell.getError()}
    return cell.String if cell.FormulaResultType2 == STRING else cell.Value


def main(pipe, book, *changes):
    """Print what the formula cells of a book hold once it is calculated."""
    desktop = office(pipe)
    hidden = PropertyValue(Name="Hidden", Value=True)
    document = desktop.loadComponentFromURL("file://" + book, "_blank", 0, (hidden,))
    for title, place, value in zip(
        changes[::3], changes[1::3], changes[2::3], strict=True
    ):
        cell = document.Sheets.getByName(title).getCellRangeByName(place)
        try:
            cell.Value = float(value)
        except ValueError:
            cell.String = value
    sheets = [document.Sheets.getByIndex(i) for i in range(document.Sheets.Count)]
    for sheet in sheets:
        enter_again(sheet)
    document.calculateAll()
    found = {
        f"{sheet.Name}!{column},{row}": shown(sheet.getCellByPosition(column, row))
        for sheet in sheets
        for column, row in places(sheet)
    }
    document.close(True)
    print(json.dumps(found), flush=True)


main(*sys.argv[1:])
os._exit(0)  # the bridge may crash while Python takes itself apart
