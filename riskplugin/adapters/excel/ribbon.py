"""The ribbon of the add-in: its buttons, and the VBA behind them."""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

NAMESPACE = "http://schemas.microsoft.com/office/2009/07/customui"


@dataclass(frozen=True, slots=True)
class Button:
    """A button: what it says, the letter that presses it, the Sub that answers."""

    group: str
    label: str
    action: str
    keytip: str
    picture: str
    tip: str
    more: str


BUTTONS = (
    Button(
        "Desk",
        "Refresh",
        "RiskRefresh",
        "R",
        "RefreshAll",
        "Read the desk again and recalculate",
        "Reads every file of the desk again and recalculates all open workbooks.",
    ),
    Button(
        "Desk",
        "Check positions",
        "RiskCheckPositions",
        "C",
        "DataValidation",
        "List what is wrong with the selected positions",
        "Takes the table around the selected cell and lists its issues on a new sheet.",
    ),
    Button(
        "Desk",
        "Open last report",
        "RiskOpenReport",
        "O",
        "FileOpen",
        "Open the report of the last run",
        "Looks in the folder that RISKPLUGIN_RUNS names in your xlwings.conf.",
    ),
    Button(
        "Help",
        "Repair links",
        "RiskRepairLinks",
        "L",
        "HyperlinkInsert",
        "Make this workbook use the add-in of this machine",
        "For formulas that show a path before the function's name.",
    ),
    Button(
        "Help",
        "About",
        "RiskAbout",
        "A",
        "Help",
        "Version, Python and desk in use",
        "Says why, if Python or the desk cannot be reached.",
    ),
)


def custom_ui() -> str:
    """Return customUI.xml."""
    return "\n".join(ui_lines()) + "\n"


def ui_lines() -> Iterator[str]:
    """Yield the lines of customUI.xml."""
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<customUI xmlns="{NAMESPACE}">'
    yield "  <ribbon>"
    yield "    <tabs>"
    yield '      <tab id="riskTab" label="riskplugin" keytip="RP">'
    for group in dict.fromkeys(button.group for button in BUTTONS):
        yield f'        <group id="risk{group}" label="{group}">'
        yield from (button_line(b) for b in BUTTONS if b.group == group)
        yield "        </group>"
    yield "      </tab>"
    yield "    </tabs>"
    yield "  </ribbon>"
    yield "</customUI>"


def button_line(button: Button) -> str:
    """Return a button as XML."""
    attributes = {
        "id": f"{button.action}Button",
        "label": button.label,
        "size": "large",
        "imageMso": button.picture,
        "onAction": button.action,
        "keytip": button.keytip,
        "screentip": button.tip,
        "supertip": button.more,
    }
    shown = " ".join(f"{name}={quoteattr(v)}" for name, v in attributes.items())
    return f"          <button {shown}/>"


RIBBON_MODULE = """\
Attribute VB_Name = "RiskRibbon"
Option Explicit
' Made by riskplugin (adapters/excel/ribbon.py). Do not edit: riskplugin excel build
' writes it again.

' Excel runs this when it loads the add-in; what takes time waits until it is idle.
Public Sub Auto_Open()
    On Error Resume Next
    Application.OnTime Now, "'" & ThisWorkbook.Name & "'!RiskWarmUp"
End Sub

' Starts Python and loads the desk, so that the first cell need not wait.
Public Sub RiskWarmUp()
    Dim functions As Object
    On Error Resume Next
    Set functions = XLPy.Module(RISK_MODULE)
    RiskRegisterHelp
End Sub

Public Sub RiskRefresh(control As IRibbonControl)
    Dim unused As String
    On Error GoTo Failed
    unused = FromPython("RISK_REFRESH")
    Application.CalculateFull
    Exit Sub
Failed:
    Tell "The desk cannot be read again: " & Err.Description
End Sub

Public Sub RiskCheckPositions(control As IRibbonControl)
    Dim positions As Range
    Dim target As Worksheet
    Dim place As String
    On Error GoTo Failed
    If TypeName(Selection) <> "Range" Then
        Tell "Select a cell of your positions first."
        Exit Sub
    End If
    Set positions = Selection
    If positions.Cells.CountLarge = 1 Then
        Set positions = positions.CurrentRegion
    End If
    place = "'" & Replace(positions.Worksheet.Name, "'", "''") & "'!"
    place = place & positions.Address
    Set target = ActiveWorkbook.Worksheets.Add( _
        After:=ActiveWorkbook.Sheets(ActiveWorkbook.Sheets.Count))
    target.Range("A1").Formula2 = "=RISK_CHECK(" & place & ")"
    target.Columns("A:G").AutoFit
    Exit Sub
Failed:
    Tell "The positions cannot be checked: " & Err.Description
End Sub

Public Sub RiskOpenReport(control As IRibbonControl)
    Dim report As String
    On Error GoTo Failed
    report = FromPython("RISK_LAST_REPORT")
    If report = "" Then
        Tell "There is no report in the folder that RISKPLUGIN_RUNS names."
        Exit Sub
    End If
    ThisWorkbook.FollowHyperlink report
    Exit Sub
Failed:
    Tell "The report cannot be opened: " & Err.Description
End Sub

' A workbook saved on a machine with the add-in elsewhere keeps that path.
Public Sub RiskRepairLinks(control As IRibbonControl)
    Dim link As Variant
    Dim links As Variant
    Dim file As String
    Dim repaired As Long
    On Error GoTo Failed
    If ActiveWorkbook Is Nothing Then
        Tell "Open the workbook first."
        Exit Sub
    End If
    links = ActiveWorkbook.LinkSources(xlExcelLinks)
    If Not IsEmpty(links) Then
        For Each link In links
            file = Mid$(link, InStrRev(link, "\\") + 1)
            If LCase$(file) = LCase$(ThisWorkbook.Name) Then
                If LCase$(link) <> LCase$(ThisWorkbook.FullName) Then
                    ActiveWorkbook.ChangeLink link, ThisWorkbook.FullName, xlExcelLinks
                    repaired = repaired + 1
                End If
            End If
        Next link
    End If
    Tell repaired & " link(s) to this add-in repaired."
    Exit Sub
Failed:
    Tell "The links cannot be repaired: " & Err.Description
End Sub

Public Sub RiskAbout(control As IRibbonControl)
    On Error GoTo Failed
    Tell FromPython("RISK_ABOUT")
    Exit Sub
Failed:
    Tell "Python cannot be reached; see INSTALL.md. " & Err.Description
End Sub

Private Function FromPython(ByVal name As String) As String
    FromPython = XLPy.Str(XLPy.Call(XLPy.Module(RISK_MODULE), name))
End Function

Private Sub Tell(ByVal message As String)
    MsgBox message, vbInformation, "riskplugin"
End Sub
"""
