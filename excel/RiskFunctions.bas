Attribute VB_Name = "RiskFunctions"
Option Explicit
' Made by riskplugin (adapters/excel/vba.py) from its list of functions. Do not edit:
' riskplugin excel build writes it again.

Public Const RISK_MODULE As String = "riskplugin.adapters.excel.functions"
Private Const ERROR_MARK As String = "~riskplugin error~"

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
        Case "#N/A": Cell = CVErr(xlErrNA)
        Case "#NUM!": Cell = CVErr(xlErrNum)
        Case "#VALUE!": Cell = CVErr(xlErrValue)
        Case Else: Cell = CVErr(xlErrValue)
    End Select
End Function

' Excel calls a function for every key pressed in the function wizard.
Private Function WizardIsOpen() As Boolean
    On Error Resume Next
    WizardIsOpen = Not Application.CommandBars("Standard").Controls(1).Enabled
End Function

Public Function RISK_STRESS_PNL(positions As Variant, scenario As Variant, Optional tier As Variant, Optional asof As Variant) As Variant
    RISK_STRESS_PNL = Answer("RISK_STRESS_PNL", Array(Given(positions), Given(scenario), Given(tier), Given(asof)))
End Function

Public Function RISK_STRESS_TABLE(positions As Variant, scenario As Variant, Optional by As Variant, Optional asof As Variant) As Variant
    RISK_STRESS_TABLE = Answer("RISK_STRESS_TABLE", Array(Given(positions), Given(scenario), Given(by), Given(asof)))
End Function

Public Function RISK_STRESS_GRID(positions As Variant, Optional scenarios As Variant, Optional by As Variant, Optional asof As Variant) As Variant
    RISK_STRESS_GRID = Answer("RISK_STRESS_GRID", Array(Given(positions), Given(scenarios), Given(by), Given(asof)))
End Function

Public Function RISK_STRESS_WORST(positions As Variant, Optional n As Variant, Optional asof As Variant) As Variant
    RISK_STRESS_WORST = Answer("RISK_STRESS_WORST", Array(Given(positions), Given(n), Given(asof)))
End Function

Public Function RISK_STRESS_PATH(positions As Variant, scenario As Variant, Optional by As Variant, Optional asof As Variant) As Variant
    RISK_STRESS_PATH = Answer("RISK_STRESS_PATH", Array(Given(positions), Given(scenario), Given(by), Given(asof)))
End Function

Public Function RISK_PATH_TABLE(positions As Variant, Optional loss As Variant, Optional asof As Variant) As Variant
    RISK_PATH_TABLE = Answer("RISK_PATH_TABLE", Array(Given(positions), Given(loss), Given(asof)))
End Function

Public Function RISK_STRESS_WEIGHTED(positions As Variant, Optional asof As Variant) As Variant
    RISK_STRESS_WEIGHTED = Answer("RISK_STRESS_WEIGHTED", Array(Given(positions), Given(asof)))
End Function

Public Function RISK_STRESS_BY_PHASE(positions As Variant, Optional asof As Variant) As Variant
    RISK_STRESS_BY_PHASE = Answer("RISK_STRESS_BY_PHASE", Array(Given(positions), Given(asof)))
End Function

Public Function RISK_REPLAY_TABLE(positions As Variant, Optional by As Variant, Optional asof As Variant) As Variant
    RISK_REPLAY_TABLE = Answer("RISK_REPLAY_TABLE", Array(Given(positions), Given(by), Given(asof)))
End Function

Public Function RISK_REVERSE_STRESS(positions As Variant, loss As Variant, Optional driver As Variant, Optional asof As Variant) As Variant
    RISK_REVERSE_STRESS = Answer("RISK_REVERSE_STRESS", Array(Given(positions), Given(loss), Given(driver), Given(asof)))
End Function

Public Function RISK_REVERSE_DISTANCE(positions As Variant, loss As Variant, Optional driver As Variant, Optional asof As Variant) As Variant
    RISK_REVERSE_DISTANCE = Answer("RISK_REVERSE_DISTANCE", Array(Given(positions), Given(loss), Given(driver), Given(asof)))
End Function

Public Function RISK_WORST_CASE(positions As Variant, radius As Variant, Optional asof As Variant) As Variant
    RISK_WORST_CASE = Answer("RISK_WORST_CASE", Array(Given(positions), Given(radius), Given(asof)))
End Function

Public Function RISK_REGIME_TABLE(positions As Variant, Optional scenario As Variant, Optional asof As Variant) As Variant
    RISK_REGIME_TABLE = Answer("RISK_REGIME_TABLE", Array(Given(positions), Given(scenario), Given(asof)))
End Function

Public Function RISK_PLAUSIBILITY(Optional scenario As Variant, Optional asof As Variant) As Variant
    RISK_PLAUSIBILITY = Answer("RISK_PLAUSIBILITY", Array(Given(scenario), Given(asof)))
End Function

Public Function RISK_SCENARIO_EVIDENCE(Optional scenario As Variant, Optional asof As Variant) As Variant
    RISK_SCENARIO_EVIDENCE = Answer("RISK_SCENARIO_EVIDENCE", Array(Given(scenario), Given(asof)))
End Function

Public Function RISK_SCENARIO_LIST(Optional family As Variant) As Variant
    RISK_SCENARIO_LIST = Answer("RISK_SCENARIO_LIST", Array(Given(family)))
End Function

Public Function RISK_SCENARIO_SHOCKS(scenario As Variant, Optional by As Variant, Optional asof As Variant) As Variant
    RISK_SCENARIO_SHOCKS = Answer("RISK_SCENARIO_SHOCKS", Array(Given(scenario), Given(by), Given(asof)))
End Function

Public Function RISK_CYCLE_TABLE(Optional asof As Variant) As Variant
    RISK_CYCLE_TABLE = Answer("RISK_CYCLE_TABLE", Array(Given(asof)))
End Function

Public Function RISK_CYCLE_SIGNAL(signal As Variant, Optional asof As Variant) As Variant
    RISK_CYCLE_SIGNAL = Answer("RISK_CYCLE_SIGNAL", Array(Given(signal), Given(asof)))
End Function

Public Function RISK_CYCLE_PHASE(Optional asof As Variant) As Variant
    RISK_CYCLE_PHASE = Answer("RISK_CYCLE_PHASE", Array(Given(asof)))
End Function

Public Function RISK_CYCLE_RECORD(Optional asof As Variant) As Variant
    RISK_CYCLE_RECORD = Answer("RISK_CYCLE_RECORD", Array(Given(asof)))
End Function

Public Function RISK_EXPOSURE(positions As Variant, tier As Variant, Optional measure As Variant, Optional asof As Variant) As Variant
    RISK_EXPOSURE = Answer("RISK_EXPOSURE", Array(Given(positions), Given(tier), Given(measure), Given(asof)))
End Function

Public Function RISK_EXPOSURE_TABLE(positions As Variant, Optional by As Variant, Optional asof As Variant) As Variant
    RISK_EXPOSURE_TABLE = Answer("RISK_EXPOSURE_TABLE", Array(Given(positions), Given(by), Given(asof)))
End Function

Public Function RISK_LIQUIDITY_TABLE(positions As Variant, Optional by As Variant, Optional participation As Variant, Optional asof As Variant) As Variant
    RISK_LIQUIDITY_TABLE = Answer("RISK_LIQUIDITY_TABLE", Array(Given(positions), Given(by), Given(participation), Given(asof)))
End Function

Public Function RISK_LOOK_THROUGH_TABLE(positions As Variant, Optional by As Variant, Optional asof As Variant) As Variant
    RISK_LOOK_THROUGH_TABLE = Answer("RISK_LOOK_THROUGH_TABLE", Array(Given(positions), Given(by), Given(asof)))
End Function

Public Function RISK_GREEK_TABLE(positions As Variant, Optional by As Variant, Optional asof As Variant) As Variant
    RISK_GREEK_TABLE = Answer("RISK_GREEK_TABLE", Array(Given(positions), Given(by), Given(asof)))
End Function

Public Function RISK_ACCOUNT_TABLE(positions As Variant, Optional asof As Variant) As Variant
    RISK_ACCOUNT_TABLE = Answer("RISK_ACCOUNT_TABLE", Array(Given(positions), Given(asof)))
End Function

Public Function RISK_BETA(instrument As Variant, Optional driver As Variant, Optional asof As Variant) As Variant
    RISK_BETA = Answer("RISK_BETA", Array(Given(instrument), Given(driver), Given(asof)))
End Function

Public Function RISK_BETA_TABLE(positions As Variant, Optional driver As Variant, Optional asof As Variant) As Variant
    RISK_BETA_TABLE = Answer("RISK_BETA_TABLE", Array(Given(positions), Given(driver), Given(asof)))
End Function

Public Function RISK_MEASURE(positions As Variant, measure As Variant, Optional alpha As Variant, Optional method As Variant, Optional horizon As Variant, Optional asof As Variant) As Variant
    RISK_MEASURE = Answer("RISK_MEASURE", Array(Given(positions), Given(measure), Given(alpha), Given(method), Given(horizon), Given(asof)))
End Function

Public Function RISK_MEASURE_TABLE(positions As Variant, Optional measures As Variant, Optional alpha As Variant, Optional method As Variant, Optional horizon As Variant, Optional asof As Variant) As Variant
    RISK_MEASURE_TABLE = Answer("RISK_MEASURE_TABLE", Array(Given(positions), Given(measures), Given(alpha), Given(method), Given(horizon), Given(asof)))
End Function

Public Function RISK_CONTRIBUTION(positions As Variant, measure As Variant, Optional by As Variant, Optional alpha As Variant, Optional method As Variant, Optional horizon As Variant, Optional asof As Variant) As Variant
    RISK_CONTRIBUTION = Answer("RISK_CONTRIBUTION", Array(Given(positions), Given(measure), Given(by), Given(alpha), Given(method), Given(horizon), Given(asof)))
End Function

Public Function RISK_FACTOR_RISK(positions As Variant, measure As Variant, Optional alpha As Variant, Optional method As Variant, Optional horizon As Variant, Optional asof As Variant) As Variant
    RISK_FACTOR_RISK = Answer("RISK_FACTOR_RISK", Array(Given(positions), Given(measure), Given(alpha), Given(method), Given(horizon), Given(asof)))
End Function

Public Function RISK_BACKTEST(positions As Variant, Optional confidence As Variant, Optional method As Variant, Optional horizon As Variant, Optional asof As Variant) As Variant
    RISK_BACKTEST = Answer("RISK_BACKTEST", Array(Given(positions), Given(confidence), Given(method), Given(horizon), Given(asof)))
End Function

Public Function RISK_SAMPLE_TABLE(positions As Variant, Optional asof As Variant) As Variant
    RISK_SAMPLE_TABLE = Answer("RISK_SAMPLE_TABLE", Array(Given(positions), Given(asof)))
End Function

Public Function RISK_WHATIF(positions As Variant, trades As Variant, Optional scenario As Variant, Optional asof As Variant) As Variant
    RISK_WHATIF = Answer("RISK_WHATIF", Array(Given(positions), Given(trades), Given(scenario), Given(asof)))
End Function

Public Function RISK_WHATIF_RANK(positions As Variant, trades As Variant, Optional scenario As Variant, Optional asof As Variant) As Variant
    RISK_WHATIF_RANK = Answer("RISK_WHATIF_RANK", Array(Given(positions), Given(trades), Given(scenario), Given(asof)))
End Function

Public Function RISK_LIMIT_TABLE(positions As Variant, Optional limits As Variant, Optional asof As Variant) As Variant
    RISK_LIMIT_TABLE = Answer("RISK_LIMIT_TABLE", Array(Given(positions), Given(limits), Given(asof)))
End Function

Public Function RISK_LIMIT_HEADROOM(positions As Variant, limit As Variant, Optional asof As Variant) As Variant
    RISK_LIMIT_HEADROOM = Answer("RISK_LIMIT_HEADROOM", Array(Given(positions), Given(limit), Given(asof)))
End Function

Public Function RISK_HEDGE(positions As Variant, scenario As Variant, Optional instruments As Variant, Optional max_loss As Variant, Optional budget As Variant, Optional asof As Variant) As Variant
    RISK_HEDGE = Answer("RISK_HEDGE", Array(Given(positions), Given(scenario), Given(instruments), Given(max_loss), Given(budget), Given(asof)))
End Function

Public Function RISK_DATA_STATUS(Optional dataset As Variant, Optional asof As Variant) As Variant
    RISK_DATA_STATUS = Answer("RISK_DATA_STATUS", Array(Given(dataset), Given(asof)))
End Function

Public Function RISK_DOCTOR_TABLE(Optional asof As Variant) As Variant
    RISK_DOCTOR_TABLE = Answer("RISK_DOCTOR_TABLE", Array(Given(asof)))
End Function

Public Function RISK_NIGHTLY(metric As Variant, Optional scope As Variant) As Variant
    RISK_NIGHTLY = Answer("RISK_NIGHTLY", Array(Given(metric), Given(scope)))
End Function

Public Function RISK_NIGHTLY_EXPLAIN(metric As Variant) As Variant
    RISK_NIGHTLY_EXPLAIN = Answer("RISK_NIGHTLY_EXPLAIN", Array(Given(metric)))
End Function

Public Function RISK_ASOF(Optional dataset As Variant) As Variant
    RISK_ASOF = Answer("RISK_ASOF", Array(Given(dataset)))
End Function

Public Function RISK_CHECK(positions As Variant, Optional asof As Variant) As Variant
    RISK_CHECK = Answer("RISK_CHECK", Array(Given(positions), Given(asof)))
End Function

Public Function RISK_VERSION() As Variant
    RISK_VERSION = Answer("RISK_VERSION", Array())
End Function

Public Function RISK_WHY(function_name As Variant, Optional argument1 As Variant, Optional argument2 As Variant, Optional argument3 As Variant, Optional argument4 As Variant, Optional argument5 As Variant, Optional argument6 As Variant, Optional argument7 As Variant) As Variant
    RISK_WHY = Answer("RISK_WHY", Array(Given(function_name), Given(argument1), Given(argument2), Given(argument3), Given(argument4), Given(argument5), Given(argument6), Given(argument7)))
End Function

Public Sub RiskRegisterHelp()
    On Error Resume Next
    Application.MacroOptions _
        Macro:="RISK_STRESS_PNL", _
        Description:="Profit (> 0) or loss (< 0) of the positions in a scenario, base currency.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Name of a scenario; see RISK_SCENARIO_LIST.", _
            "Only this tier; all of them if left out.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_STRESS_TABLE", _
        Description:="P&L in a scenario with its five parts and its band, by tier or another key.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Name of a scenario; see RISK_SCENARIO_LIST.", _
            "tier (if left out), book, link, instrument, position or total.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_STRESS_GRID", _
        Description:="P&L by scenario and tier, with the total of each scenario.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Names in cells or by commas; all if left out.", _
            "tier (if left out), book, link, instrument.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_STRESS_WORST", _
        Description:="The scenarios that lose most, the worst first, with their bands.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "How many; 5 if left out.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_STRESS_PATH", _
        Description:="P&L of a scenario session by session, with its band and calls for cash.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Name of a scenario; see RISK_SCENARIO_LIST.", _
            "total (if left out), tier, book, link, instrument or position.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_PATH_TABLE", _
        Description:="The worst session of every scenario, and the first that loses `loss`.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Base currency, above 0; left out: none.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_STRESS_WEIGHTED", _
        Description:="P&L by the scenarios' own weights, beside the worst without them.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_STRESS_BY_PHASE", _
        Description:="P&L by the desk's weights of the phase, beside the worst without them.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_REPLAY_TABLE", _
        Description:="What past episodes would do to the positions, and what that rests on.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "total (if left out), tier, book, link, instrument or position.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_REVERSE_STRESS", _
        Description:="The smallest move of a driver, or of all together, that loses so much.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Base currency, above 0.", _
            "Driver; memory if left out; all moves them together.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_REVERSE_DISTANCE", _
        Description:="The smallest move of a driver that loses so much, a simple return.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Base currency, above 0.", _
            "Driver; memory if left out.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_WORST_CASE", _
        Description:="The worst move of all drivers within a plausibility radius.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Mahalanobis distance, as 2.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_REGIME_TABLE", _
        Description:="Scenarios by all history, hectic windows and pooled ones side by side.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Name of a scenario; all of them if left out.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_PLAUSIBILITY", _
        Description:="Distance, tails and count in history of a scenario's core; no probability.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "Name of a scenario; all of them if left out.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_SCENARIO_EVIDENCE", _
        Description:="How often tiers fell further, or sooner, than memory in past episodes.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "Only what its overshoots and speeds rest on; every tier if left out.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_SCENARIO_LIST", _
        Description:="The desk's scenarios in words: family, severity, horizon, core moves.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "Only this family.")
    Application.MacroOptions _
        Macro:="RISK_SCENARIO_SHOCKS", _
        Description:="What a scenario does to each tier, driver or instrument, simple returns.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "Name of a scenario; see RISK_SCENARIO_LIST.", _
            "tier (if left out), driver or instrument.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_CYCLE_TABLE", _
        Description:="Where memory stands in its cycle: four signals with state and evidence.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_CYCLE_SIGNAL", _
        Description:="The reading of one signal of the cycle.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "persistence, price_expectations, breadth or volume_backing.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_CYCLE_PHASE", _
        Description:="The phase that is called; how such calls have fared: RISK_CYCLE_RECORD.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_CYCLE_RECORD", _
        Description:="How calls of the phase have fared: hits, false alarms, with an interval.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_EXPOSURE", _
        Description:="One exposure of a tier: long, short, gross, net, pct_nav, ...", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Tier, or total for the whole book.", _
            "net (if left out), gross, memory_beta_exposure ...", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_EXPOSURE_TABLE", _
        Description:="Long, short, gross, net, share of NAV, memory beta and concentration by tier.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "tier (if left out), book, link, instrument, position or total.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_LIQUIDITY_TABLE", _
        Description:="Days to sell, share sold by 1, 5, 10 and 21 sessions, cost; unknown apart.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "tier (if left out), book, link, instrument, position or total.", _
            "Share of the daily volume; the desk's own if left out.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_LOOK_THROUGH_TABLE", _
        Description:="Exposures with funds seen through to what they hold.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "tier (if left out), book, link, instrument, position or total.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_GREEK_TABLE", _
        Description:="Delta, gamma per 1 %, vega per point, theta per session, in money.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "tier (if left out), book, link, instrument, position or total.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_ACCOUNT_TABLE", _
        Description:="What stands with each prime broker or exchange, and what its failure costs.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_BETA", _
        Description:="Total beta of an instrument to a driver, everything else following.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "Identifier or alias.", _
            "Driver; memory if left out.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_BETA_TABLE", _
        Description:="Total beta, standard error, windows and provenance of what is held.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Driver; memory if left out.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_MEASURE", _
        Description:="A risk measure of the positions over scenarios of their own past.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "volatility, VaR, CVaR, EVaR, MDD, CDaR, ...; a loss is > 0.", _
            "Tail; 0.05, the worst twentieth, if left out.", _
            "historical (if left out), age_weighted, filtered or reversal.", _
            "Sessions: 1 (if left out), 5, 10 or 21.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_MEASURE_TABLE", _
        Description:="Risk measures of the positions, in money and of NAV.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Names in cells or by commas; all if left out.", _
            "Tail; 0.05, the worst twentieth, if left out.", _
            "historical (if left out), age_weighted, filtered or reversal.", _
            "Sessions: 1 (if left out), 5, 10 or 21.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_CONTRIBUTION", _
        Description:="What each tier or other key adds to a risk measure; components add up to it.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "volatility, VaR, CVaR, EVaR, MDD, CDaR, ...; a loss is > 0.", _
            "tier (if left out), book, link, instrument, position or total.", _
            "Tail; 0.05, the worst twentieth, if left out.", _
            "historical (if left out), age_weighted, filtered or reversal.", _
            "Sessions: 1 (if left out), 5, 10 or 21.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_FACTOR_RISK", _
        Description:="Which share of a risk measure comes from each driver, and from none.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "volatility, VaR, CVaR, EVaR, MDD, CDaR, ...; a loss is > 0.", _
            "Tail; 0.05, the worst twentieth, if left out.", _
            "historical (if left out), age_weighted, filtered or reversal.", _
            "Sessions: 1 (if left out), 5, 10 or 21.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_BACKTEST", _
        Description:="How the value at risk of past nights has fared for today's positions.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Level; 0.99 if left out.", _
            "historical (if left out), age_weighted or filtered.", _
            "Sessions: 1 (if left out), 5, 10 or 21.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_SAMPLE_TABLE", _
        Description:="How much history stands behind the risk measures, by method and horizon.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_WHATIF", _
        Description:="What trades would do to exposures and stress, their cost; before and after.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "A range with a header row: instrument, book, quantity; or tier, pct, ...", _
            "Name of a scenario; all of them if left out.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_WHATIF_RANK", _
        Description:="Ideas for trades, the one that saves most for its cost first.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "The same with a column idea.", _
            "Name of a scenario; all of them if left out.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_LIMIT_TABLE", _
        Description:="Value, levels, headroom, utilisation and status of every limit, worst first.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "A range with a header row (metric, scope, soft, hard, unit, direction, ...); the desk's own if left out.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_LIMIT_HEADROOM", _
        Description:="What is left to the hard level of one limit, in its unit; below 0 beyond it.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Metric, scope, then scenario: gross total, stress_loss total worst.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_HEDGE", _
        Description:="Proposed trades that keep the loss of a scenario inside a limit, and losses.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Name of a scenario; see RISK_SCENARIO_LIST.", _
            "A range with a header row (instrument, side, half_spread_bps, ...); the desk's own if left out.", _
            "Largest loss, base currency; the desk's own limit if left out.", _
            "Most that the trades may cost.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_DATA_STATUS", _
        Description:="First and last date, age and stale names per dataset, or per series of one.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "prices, fx, volumes, ...; all of them if left out.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_DOCTOR_TABLE", _
        Description:="What is wrong or doubtful in the desk's data, with evidence and repair.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_NIGHTLY", _
        Description:="A figure of the last night's run, as stress:inventory_build or measure:CVaR.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "stress:SCENARIO, exposure:net, measure:CVaR, ...", _
            "total (if left out), tier:..., book:....")
    Application.MacroOptions _
        Macro:="RISK_NIGHTLY_EXPLAIN", _
        Description:="Why a figure of the last night is not that of the night before.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "stress:SCENARIO, exposure:net, measure:CVaR, ...")
    Application.MacroOptions _
        Macro:="RISK_ASOF", _
        Description:="Valuation date of the desk, or the last date of a dataset.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "prices, fx, volumes, ...; all of them if left out.")
    Application.MacroOptions _
        Macro:="RISK_CHECK", _
        Description:="Every issue of the positions: level, code, row, column, what to do.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "A range with a header row (instrument, quantity, ...), a book's name, or all.", _
            "Valuation date; the desk's own if left out.")
    Application.MacroOptions _
        Macro:="RISK_VERSION", _
        Description:="Version of riskplugin.", _
        Category:="riskplugin"
    Application.MacroOptions _
        Macro:="RISK_WHY", _
        Description:="The reason behind an error cell, in words: the function and its arguments.", _
        Category:="riskplugin", _
        ArgumentDescriptions:=Array( _
            "Name of the function, as RISK_BETA.", _
            "As given to that function.", _
            "As given to that function.", _
            "As given to that function.", _
            "As given to that function.", _
            "As given to that function.", _
            "As given to that function.", _
            "As given to that function.")
End Sub
