"""The VBA around the functions, made from the registry alone.

A function of a cell must live in VBA to be found by name. Each is one line that hands
its arguments over; what all share is written once. xlwings could write this module
too, but answers a failure with its text, which a sum skips without a word; ours
answers with an error value.
"""

import re
from collections.abc import Iterator, Mapping

from riskplugin.adapters.excel.cells import ERROR_MARK, Code
from riskplugin.adapters.excel.registry import FUNCTIONS
from riskplugin.adapters.excel.ribbon import RIBBON_MODULE, custom_ui
from riskplugin.adapters.excel.specification import CATEGORY, Argument, Function

PYTHON_MODULE = "riskplugin.adapters.excel.functions"
MOST_HELP = 255  # characters that Excel shows of a description
PLAIN = str.maketrans({"\u2026": "...", "\u2013": "-", "\u2212": "-"})
RESERVED = frozenset(
    [
        "and",
        "as",
        "boolean",
        "byref",
        "byte",
        "byval",
        "call",
        "case",
        "close",
        "const",
        "currency",
        "date",
        "declare",
        "dim",
        "do",
        "double",
        "each",
        "else",
        "elseif",
        "empty",
        "end",
        "enum",
        "erase",
        "error",
        "event",
        "exit",
        "false",
        "for",
        "friend",
        "function",
        "get",
        "global",
        "gosub",
        "goto",
        "if",
        "imp",
        "implements",
        "in",
        "input",
        "integer",
        "is",
        "let",
        "like",
        "long",
        "loop",
        "lset",
        "me",
        "mod",
        "new",
        "next",
        "not",
        "nothing",
        "null",
        "object",
        "on",
        "open",
        "option",
        "optional",
        "or",
        "paramarray",
        "preserve",
        "print",
        "private",
        "property",
        "public",
        "put",
        "raiseevent",
        "redim",
        "rem",
        "resume",
        "return",
        "rset",
        "select",
        "set",
        "single",
        "static",
        "step",
        "stop",
        "string",
        "sub",
        "then",
        "to",
        "true",
        "type",
        "until",
        "variant",
        "wend",
        "while",
        "with",
        "write",
        "xor",
    ]
)
VBA_ERRORS: Mapping[str, str] = {
    Code.NOT_AVAILABLE: "xlErrNA",
    Code.NUMBER: "xlErrNum",
    Code.VALUE: "xlErrValue",
}
USER_CONFIG: Mapping[str, str] = {
    "INTERPRETER_WIN": r"%LOCALAPPDATA%\riskplugin\venv\Scripts\pythonw.exe",
    "RISKPLUGIN_DESK": "//server/risk/desk.toml",
    "RISKPLUGIN_RUNS": "//server/risk/runs",
    "ADD_WORKBOOK_TO_PYTHONPATH": "False",
    "SHOW CONSOLE": "False",
}


def files() -> Mapping[str, bytes]:
    """Return every generated source of the add-in, by its path below ``excel/``."""
    return {
        "RiskFunctions.bas": module_bytes(function_module()),
        "RiskRibbon.bas": module_bytes(RIBBON_MODULE),
        "customUI.xml": custom_ui().encode(),
        "xlwings.conf": module_bytes(sample_config()),
    }


def module_bytes(source: str) -> bytes:
    """Return a module as the VBA editor imports it: plain ASCII, CRLF line ends.

    The editor reads files in the code page of the machine, so anything beyond ASCII
    is another letter in Seoul than in New York.
    """
    return source.replace("\n", "\r\n").encode("ascii")


def sample_config() -> str:
    """Return a user's xlwings.conf; VBA reads pairs, so it cannot hold a comment."""
    return "".join(f'"{key}","{value}"\n' for key, value in USER_CONFIG.items())


def function_module() -> str:
    """Return RiskFunctions.bas."""
    wrappers = "\n".join(wrapper(function) for function in FUNCTIONS.values())
    return f"{SHARED}{wrappers}\n{registration()}"


def wrapper(function: Function) -> str:
    """Return the VBA of one function."""
    given = ", ".join(declaration(a) for a in function.arguments)
    passed = ", ".join(f"Given({parameter(a)})" for a in function.arguments)
    return (
        f"Public Function {function.name}({given}) As Variant\n"
        f'    {function.name} = Answer("{function.name}", Array({passed}))\n'
        "End Function\n"
    )


def declaration(argument: Argument) -> str:
    """Return an argument as VBA declares it."""
    optional = "Optional " if argument.optional else ""
    return f"{optional}{parameter(argument)} As Variant"


def parameter(argument: Argument) -> str:
    """Return the name of an argument, which may be no word of VBA."""
    reserved = argument.name.casefold() in RESERVED
    return f"{argument.name}_name" if reserved else argument.name


def registration() -> str:
    """Return the Sub that tells Excel the help of every function and argument."""
    calls = "\n".join(line for f in FUNCTIONS.values() for line in help_lines(f))
    return (
        f"Public Sub RiskRegisterHelp()\n    On Error Resume Next\n{calls}\nEnd Sub\n"
    )


def help_lines(function: Function) -> Iterator[str]:
    """Yield the statement that registers a function's help, over several lines."""
    yield "    Application.MacroOptions _"
    yield f'        Macro:="{function.name}", _'
    yield f"        Description:={quoted(function.help)}, _"
    end = ", _" if function.arguments else ""
    yield f'        Category:="{CATEGORY}"{end}'
    if function.arguments:
        texts = [quoted(a.help) for a in function.arguments]
        yield "        ArgumentDescriptions:=Array( _"
        yield from (f"            {text}, _" for text in texts[:-1])
        yield f"            {texts[-1]})"


def quoted(text: str) -> str:
    """Return a help text as a VBA literal of ASCII.

    Raises
    ------
    ValueError
        If Excel would not show all of it, or it holds letters beyond ASCII.
    """
    plain = re.sub(r"\s+", " ", text.translate(PLAIN)).strip()
    if len(plain) > MOST_HELP or not plain.isascii():
        wanted = f"at most {MOST_HELP} ASCII characters are needed"
        raise ValueError(f"help {text!r}: {wanted}")
    return '"' + plain.replace('"', '""') + '"'


def error_cases() -> str:
    """Return the cases that turn the code of an error into the error."""
    return "\n".join(
        f'        Case "{code}": Cell = CVErr({constant})'
        for code, constant in VBA_ERRORS.items()
    )


SHARED = f'''\
Attribute VB_Name = "RiskFunctions"
Option Explicit
' Made by riskplugin (adapters/excel/vba.py) from its list of functions. Do not edit:
' riskplugin excel build writes it again.

Public Const RISK_MODULE As String = "{PYTHON_MODULE}"
Private Const ERROR_MARK As String = "{ERROR_MARK}"

' Asks Python. No workbook goes along: one that holds a sheet of code, or a
' configuration of its own, has no say in what runs.
' A failure is an error value, never a text: SUM would skip a text and be wrong.
Private Function Answer(ByVal name As String, ByVal arguments As Variant) As Variant
    If WizardIsOpen() Then
        Answer = CVErr(xlErrNA)
        Exit Function
    End If
    On Error GoTo Failed
    Answer = WithErrors(XLPy.CallUDF(RISK_MODULE, name, arguments))
    Exit Function
Failed:
    Answer = CVErr(xlErrValue)
End Function

' An argument as values. Whole columns are cut to the rows in use; several areas
' at once are refused, because Value2 would silently give the first alone.
Private Function Given(Optional ByRef argument As Variant) As Variant
    Dim area As Object
    If IsObject(argument) Then
        Set area = argument
        If area.Areas.Count > 1 Then
            Given = CVErr(xlErrValue)
            Exit Function
        End If
        If area.Rows.Count = area.Worksheet.Rows.Count Then
            Set area = Application.Intersect(area, area.Worksheet.UsedRange)
        End If
        If area Is Nothing Then
            Given = Empty
        Else
            Given = area.Value2
        End If
    ElseIf IsMissing(argument) Then
        Given = Empty
    Else
        Given = argument
    End If
End Function

' An answer with its marks turned into error values, whatever its shape.
Private Function WithErrors(ByVal found As Variant) As Variant
    Dim i As Long
    Dim j As Long
    Select Case Dimensions(found)
        Case 0
            found = Cell(found)
        Case 1
            For i = LBound(found) To UBound(found)
                found(i) = Cell(found(i))
            Next i
        Case Else
            For i = LBound(found, 1) To UBound(found, 1)
                For j = LBound(found, 2) To UBound(found, 2)
                    found(i, j) = Cell(found(i, j))
                Next j
            Next i
    End Select
    WithErrors = found
End Function

Private Function Dimensions(ByRef found As Variant) As Long
    Dim last As Long
    If Not IsArray(found) Then
        Dimensions = 0
        Exit Function
    End If
    On Error GoTo OnlyOne
    last = UBound(found, 2)
    Dimensions = 2
    Exit Function
OnlyOne:
    Dimensions = 1
End Function

Private Function Cell(ByVal value As Variant) As Variant
    Cell = value
    If IsEmpty(value) Or IsNull(value) Then
        Cell = CVErr(xlErrNA)
        Exit Function
    End If
    If VarType(value) <> vbString Then
        Exit Function
    End If
    If Left$(value, Len(ERROR_MARK)) <> ERROR_MARK Then
        Exit Function
    End If
    Select Case Mid$(value, Len(ERROR_MARK) + 1)
{error_cases()}
        Case Else: Cell = CVErr(xlErrValue)
    End Select
End Function

' Excel calls a function for every key pressed in the function wizard.
Private Function WizardIsOpen() As Boolean
    On Error Resume Next
    WizardIsOpen = Not Application.CommandBars("Standard").Controls(1).Enabled
End Function

'''
