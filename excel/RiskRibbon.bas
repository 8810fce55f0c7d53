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
            file = Mid$(link, InStrRev(link, "\") + 1)
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
