"""Workbooks that nobody vouches for: read whole, or refused, in little memory."""

import datetime as dt
import io
import re
import socket
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.utils.datetime import from_excel

import riskplugin as rp
from riskplugin.sources import opening, package, workbook

SHEET = "xl/worksheets/sheet1.xml"
HEADER = ["book", "instrument", "quantity"]
LOTS = [["semis", "MU", 100], ["semis", "BTC", 2], ["tokens", "RENDER", 3.5]]
TOML = '[tables]\npositions = "book.xlsx"\nprices = "prices.csv"\nfx = "fx.csv"\n'
MEGABYTE = 1_000_000
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"


def saved(rows=(HEADER, *LOTS), *, chart=None):
    """Return the workbook of `rows`, much as Excel writes it; a chart's place."""
    out = io.BytesIO()
    kept = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, {**kept, "default_date_format": "d/m/yy"}) as book:
        if chart == "first":
            book.add_chartsheet()
        sheet = book.add_worksheet("Lots")
        for i, row in enumerate(rows):
            sheet.write_row(i, 0, row)
    return out.getvalue()


def by_openpyxl(rows):
    """Return the workbook of `rows` as openpyxl writes it: texts in their cells."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def altered(content, parts, method=zipfile.ZIP_DEFLATED):
    """Return a workbook with parts added, changed (by a function) or taken out."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", method) as new,
    ):
        for name in [*old.namelist(), *(p for p in parts if p not in old.namelist())]:
            change = parts.get(name, lambda found: found)
            found = old.read(name) if name in old.namelist() else None
            made = change(found) if callable(change) else change
            if made is not None:
                new.writestr(name, made)
    return out.getvalue()


def with_sheet(xml, base=None):
    """Return a workbook whose sheet is `xml` between the tags of its data."""
    start = f'<worksheet xmlns="{MAIN}"><sheetData>'.encode()
    body = start + xml.encode() + b"</sheetData></worksheet>"
    return altered(base or saved(), {SHEET: body})


def replaced(old, new, part=SHEET, base=None):
    """Return a workbook with a text of one part replaced, which must be there."""

    def change(found):
        assert old.encode() in found
        return found.replace(old.encode(), new.encode())

    return altered(base or saved(), {part: change})


def in_directory(content, name, offset, form, value):
    """Return a zip with one field of a directory entry overwritten."""
    spot = content.rindex(name.encode(), 0, content.rindex(b"PK\x05\x06")) - 46
    assert content[spot : spot + 4] == b"PK\x01\x02"
    packed = struct.pack(form, value)
    spot += offset
    return content[:spot] + packed + content[spot + len(packed) :]


@pytest.fixture
def read(folder):
    """Return the desk whose positions are a workbook."""

    def read(content, toml=TOML):
        return rp.load_desk(folder(toml, {"book.xlsx": content}))

    return read


@pytest.fixture
def faults_of(read):
    """Return code, row and column of the errors with which a workbook is refused."""

    def faults_of(content, match):
        with pytest.raises(rp.SchemaError, match=match) as caught:
            read(content)
        errors = [i for i in caught.value.issues if i.severity == "error"]
        assert all(i.where.source.startswith("book.xlsx") and i.hint for i in errors)
        return [(i.code, i.where.row, i.where.column) for i in errors]

    return faults_of


@pytest.fixture
def lots():
    """Return instrument and quantity of every position of a desk."""

    def lots(desk):
        held = rp.positions(desk)
        return dict(zip(held["instrument"], held["quantity"], strict=True))

    return lots


REFUSED = [("refused-file", None, None)]
DAMAGED = [("bad-file", None, None)]
HELD = {"MU": 100.0, "BTC": 2.0, "RENDER": 3.5}


def test_the_workbook_that_the_others_spoil_is_sound(read, lots):
    assert lots(read(saved())) == HELD


# --- too large -----------------------------------------------------------------------


def bomb(megabytes):
    """Return a small workbook whose sheet unpacks to `megabytes` of blanks."""
    out = io.BytesIO(altered(saved(), {SHEET: None}))
    with (
        zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
        new.open(SHEET, "w") as part,
    ):
        for _ in range(megabytes):
            part.write(b" " * MEGABYTE)
    return out.getvalue()


@pytest.fixture
def memory():
    """Return the most memory that a call takes, in bytes, and what it raised."""

    def memory(call):
        tracemalloc.start()
        try:
            with pytest.raises(rp.SchemaError, match="refused-file") as caught:
                call()
            return tracemalloc.get_traced_memory()[1], str(caught.value)
        finally:
            tracemalloc.stop()

    return memory


def test_bomb_is_refused_before_it_is_unpacked(memory, faults_of):
    content = bomb(300)
    assert len(content) < 2 * MEGABYTE
    peak, said = memory(lambda: workbook.read_sheet(content, "book.xlsx", None))
    assert peak < MEGABYTE
    assert "too many bytes per byte of xl/worksheets/sheet1.xml" in said
    assert faults_of(content, "the limit is 100") == REFUSED


@pytest.mark.parametrize(
    "flood",
    [
        lambda n: "<row>" + "<c/>" * n + "</row>",
        lambda n: "<row><c><v>" + "1" * n + "</v></c></row>",
        lambda n: '<row><c t="inlineStr"><is>' + "<t>x</t>" * n + "</is></c></row>",
        lambda n: '<row note="' + "x" * n + '"/>',
        lambda n: "<a>" * n,
        lambda n: "".join(f"<a{i}/>" for i in range(n)),
        lambda n: "".join(f'<row a{i}="">' for i in range(n)),
    ],
    ids=["cells", "text", "runs", "tag", "levels", "names", "attributes"],
)
def test_flood_is_stopped_early(memory, flood):
    """Mixed with noise so that it unpacks to less than 100 times its size."""
    noise = np.random.default_rng(1).bytes(40_000).hex()
    content = with_sheet(f"<!--{noise}-->" + flood(3 * MEGABYTE // 2))
    peak, _ = memory(lambda: workbook.read_sheet(content, "book.xlsx", None))
    assert peak < 12 * MEGABYTE


def test_blanks_between_rows_take_no_memory():
    draw = np.random.default_rng(1)
    blanks = draw.choice(np.frombuffer(b" \n\t", "S1"), 5 * MEGABYTE).tobytes().decode()
    content = with_sheet('<row r="1"><c r="A1"><v>1</v></c></row>' + blanks)
    tracemalloc.start()
    assert workbook.read_sheet(content, "book.xlsx", None).rows == {1: [1]}
    assert tracemalloc.get_traced_memory()[1] < 2 * MEGABYTE
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("xml", "match"),
    [
        ('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "too many cells"),
        ('<row r="400000"><c r="Z400000"><v>1</v></c></row>', "too many cells"),
        ('<row r="1048577"><c r="A1048577"><v>1</v></c></row>', "too many rows"),
        ('<row r="1"><c r="XFE1"><v>1</v></c></row>', "too many columns"),
    ],
)
def test_sheet_beyond_the_limits_is_refused(faults_of, xml, match):
    """A single cell far out would make a table of all that lies before it."""
    assert faults_of(with_sheet(xml), match) == REFUSED


def test_last_cell_of_a_sheet_within_the_limits_is_read():
    content = with_sheet('<row r="1048576"><c r="D1048576"><v>7</v></c></row>')
    found = workbook.read_sheet(content, "book.xlsx", None)
    assert (found.rows, found.width) == ({1_048_576: [None, None, None, 7]}, 4)


@pytest.mark.parametrize(
    ("module", "limit", "xml", "match"),
    [
        (package, "MAX_ELEMENTS", "<a/>" * 30, "too many levels or elements"),
        (workbook, "MAX_ROWS", "<row/>" * 30, "too many rows"),
    ],
)
def test_every_limit_counts(monkeypatch, faults_of, module, limit, xml, match):
    content = with_sheet(xml)
    monkeypatch.setattr(module, limit, 29)
    assert faults_of(content, match) == REFUSED


def test_too_many_shared_texts_are_refused(monkeypatch, faults_of):
    monkeypatch.setattr(workbook, "MAX_TEXTS", 5)
    assert faults_of(saved(), "too many texts") == REFUSED


def test_too_many_styles_are_refused(monkeypatch, faults_of):
    many = b"<styleSheet><cellXfs>" + b"<xf/>" * 30 + b"</cellXfs></styleSheet>"
    monkeypatch.setattr(package, "MAX_LISTED", 29)
    content = altered(saved(), {"xl/styles.xml": many})
    assert faults_of(content, "too many xf") == REFUSED


def test_too_many_parts_are_refused(faults_of):
    many = {f"docProps/{i}.xml": b"" for i in range(2_000)}
    assert faults_of(altered(saved(), many), "too many parts") == REFUSED


def test_more_bytes_than_are_read_stay_on_the_disk(
    memory, monkeypatch, folder, tmp_path
):
    """A file of a gigabyte, all of it a hole."""
    desk = folder(TOML, {"book.xlsx": b"PK"})
    with (tmp_path / "book.xlsx").open("r+b") as file:
        file.truncate(1000 * MEGABYTE)
    monkeypatch.setattr(opening, "MAX_WORKBOOK", MEGABYTE)
    peak, said = memory(lambda: rp.load_desk(desk))
    assert peak < 20 * MEGABYTE
    assert "more than 1,000,000 bytes" in said


def test_directory_that_declares_too_much_is_refused(faults_of):
    content = in_directory(saved(), "docProps/app.xml", 24, "<L", 401 * MEGABYTE)
    assert faults_of(content, "too many bytes once unpacked") == REFUSED


def test_directory_that_declares_too_little_is_not_believed(faults_of):
    """What it does not declare is not unpacked, and the checksum tells."""
    rows = "".join(f'<row r="{i}"><c r="A{i}"/></row>' for i in range(1, 20_000))
    content = in_directory(with_sheet(rows), SHEET, 24, "<L", 1_000)
    assert faults_of(content, "cut short or spoilt") == DAMAGED


# --- macros, binary, passwords -------------------------------------------------------


@pytest.mark.parametrize("kind", ["xls", "xlsm", "xlsb", "XLSM", "xltm", "xlam", "xla"])
def test_macro_and_binary_kinds_are_refused_by_name(folder, kind):
    text = TOML.replace("book.xlsx", f"book.{kind}")
    with pytest.raises(rp.SchemaError, match=r"save it as a plain \.xlsx") as caught:
        rp.load_desk(folder(text, {f"book.{kind}": saved()}))
    (issue,) = (i for i in caught.value.issues if i.severity == "error")
    assert (issue.code, issue.where.source) == ("refused-file", f"book.{kind}")


@pytest.mark.parametrize(
    "part",
    [
        "xl/vbaProject.bin",
        "xl/VBAPROJECT.BIN",
        "xl/macrosheets/sheet1.xml",
        "xl/workbook.bin",
        "xl/worksheets/sheet1.bin",
    ],
)
def test_macro_and_binary_parts_are_refused_whatever_the_name(faults_of, part):
    content = altered(saved(), {part: b"anything"})
    assert faults_of(content, "binary or holds macros") == REFUSED


@pytest.mark.parametrize(
    "kind",
    [
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        "application/vnd.ms-excel.template.macroEnabled.main+xml",
        "application/vnd.ms-excel.sheet.binary.macroEnabled.main",
        "application/vnd.ms-office.vbaProject",
    ],
)
def test_workbook_that_says_it_has_macros_is_refused(faults_of, kind):
    plain = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    content = replaced(plain, kind, "[Content_Types].xml")
    assert faults_of(content, "binary or holds macros") == REFUSED


def test_printer_settings_and_pictures_are_no_macros(read, lots):
    more = {"xl/printerSettings/printerSettings1.bin": b"\x00", "xl/media/a.png": b"?"}
    assert lots(read(altered(saved(), more))) == HELD


def test_old_binary_under_a_new_name_is_refused(faults_of):
    content = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(5_000)
    assert faults_of(content, "without a password") == REFUSED


def test_part_with_a_password_is_refused(faults_of):
    content = in_directory(saved(), SHEET, 8, "<H", 1)
    assert faults_of(content, "it needs a password") == REFUSED


# --- document types and links --------------------------------------------------------

LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
ELSEWHERE = '<!DOCTYPE x SYSTEM "http://198.51.100.1/x.dtd">'


def declaring(doctype, encoding="utf-8"):
    """Return a change that puts a document type before a part's first element."""

    def change(found):
        body = re.sub(r"^\s*<\?xml.*?\?>", "", found.decode())
        return f'<?xml version="1.0" encoding="{encoding}"?>{doctype}{body}'.encode(
            encoding
        )

    return change


@pytest.fixture
def no_network(monkeypatch):
    """Let every attempt to reach another machine fail the test."""

    def reached(*_):
        pytest.fail("the network was reached for")

    monkeypatch.setattr(socket, "socket", reached)
    monkeypatch.setattr(socket, "getaddrinfo", reached)


@pytest.mark.parametrize("doctype", [LAUGHS, OUTSIDE, ELSEWHERE, "<!DOCTYPE x>"])
@pytest.mark.parametrize(
    "part",
    [
        SHEET,
        "xl/sharedStrings.xml",
        "xl/styles.xml",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "[Content_Types].xml",
        "_rels/.rels",
    ],
)
def test_document_type_is_refused(faults_of, no_network, part, doctype):
    content = altered(saved(), {part: declaring(doctype)})
    assert faults_of(content, "declares a document type") == REFUSED


def test_document_type_in_another_encoding_is_refused(faults_of):
    """Not a byte of it reads <!DOCTYPE."""
    content = altered(saved(), {SHEET: declaring(LAUGHS, "utf-16")})
    assert faults_of(content, "declares a document type") == REFUSED


def test_link_to_another_workbook_is_not_followed(read, lots, no_network):
    """The value that the link last had is used."""
    rels = '<Relationships><Relationship Id="r" Type="x/externalLinkPath" '
    rels += 'Target="http://198.51.100.1/far.xlsx" TargetMode="External"/>'
    parts = {
        "xl/externalLinks/externalLink1.xml": b"<externalLink/>",
        "xl/externalLinks/_rels/externalLink1.xml.rels": rels.encode(),
        SHEET: lambda xml: xml.replace(
            b'<c r="C2"><v>100</v>',
            b'<c r="C2"><f>[1]Far!$A$1+WEBSERVICE("http://198.51.100.1")</f><v>42</v>',
        ),
    }
    assert lots(read(altered(saved(), parts)))["MU"] == 42.0


def test_sheet_that_is_elsewhere_is_not_fetched(faults_of, no_network):
    content = replaced(
        'Target="worksheets/sheet1.xml"',
        'Target="http://198.51.100.1/sheet.xml" TargetMode="External"',
        "xl/_rels/workbook.xml.rels",
    )
    assert faults_of(content, "is missing") == DAMAGED


# --- formulas ------------------------------------------------------------------------


def formula(cell, kind="", base=None):
    """Return the workbook with a formula, and what it saved, in quantity of row 2."""
    given = f' t="{kind}"' if kind else ""
    new = f'<c r="C2"{given}><f>B9*2</f>{cell}</c>'
    return replaced('<c r="C2"><v>100</v></c>', new, base=base)


def test_saved_value_of_a_formula_is_used(read, lots):
    assert lots(read(formula("<v>7.5</v>")))["MU"] == 7.5


@pytest.mark.parametrize(("cell", "kind"), [("", ""), ("<v/>", ""), ("", "str")])
def test_formula_that_was_never_calculated_is_a_missing_value(faults_of, cell, kind):
    """As a program writes it that does not calculate."""
    content = formula(cell, kind)
    found = faults_of(content, "a formula without a value.*let it calculate")
    assert set(found) == {("missing-value", 2, "quantity")}


def test_formula_without_a_value_is_an_error_where_blanks_are_allowed(faults_of):
    """Without it the market's price would be used, and nobody would know."""
    rows = ([*HEADER, "price"], [*LOTS[0], "=2*3"], LOTS[1], [*LOTS[2], "=2*4"])
    found = faults_of(by_openpyxl(rows), "a formula without a value")
    assert found == [("missing-value", 2, "price")]


def test_formula_without_a_value_in_a_column_that_is_ignored_is_no_error(read, lots):
    rows = ([*HEADER, "my notes"], [*LOTS[0], "=2*3"], *LOTS[1:])
    assert lots(read(by_openpyxl(rows))) == HELD


def test_formula_without_a_value_among_wide_prices_is_an_error(folder, prices, load):
    frame = prices.astype({"date": object, "MU": object})
    frame.loc[3, "MU"] = "=1+1"
    rows = [list(frame.columns), *frame.to_numpy().tolist()]
    text = TOML.replace('"book.xlsx"', '"positions.csv"')
    text = text.replace('"prices.csv"', '"book.xlsx"')
    with pytest.raises(rp.SchemaError, match="a formula without a value") as caught:
        rp.load_desk(folder(text, {"book.xlsx": by_openpyxl(rows)}))
    (issue,) = (i for i in caught.value.issues if i.severity == "error")
    assert (issue.where.row, issue.where.column) == (5, "MU")


def test_formula_whose_value_is_empty_text_is_a_blank(faults_of):
    assert faults_of(formula("<v></v>", "str"), "blank") == [
        ("missing-value", 2, "quantity")
    ]


@pytest.mark.parametrize(
    "error", ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"]
)
def test_error_cell_is_no_number(faults_of, error):
    found = faults_of(
        formula(f"<v>{error}</v>", "e"), "the formula in this cell failed"
    )
    assert found == [("bad-number", 2, "quantity")]


def test_text_that_looks_like_a_formula_stays_text(read):
    content = saved((HEADER, ["=1+1", "MU", 1]))
    assert rp.positions(read(content))["book"].tolist() == ["=1+1"]


# --- damaged -------------------------------------------------------------------------


@pytest.mark.parametrize("tenth", range(10))
def test_file_that_is_cut_short_is_refused(faults_of, tenth):
    content = saved()
    assert faults_of(content[: len(content) * tenth // 10], "not a workbook") == DAMAGED


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml", "xl/styles.xml"])
def test_spoilt_part_is_refused(faults_of, part):
    content = bytearray(saved())
    content[content.index(part.encode()) + len(part) + 100] ^= 0xFF
    assert faults_of(bytes(content), "cut short or spoilt") == DAMAGED


@pytest.mark.parametrize(
    "xml",
    [
        "<row",
        "<row></c>",
        '<row r="x"/>',
        '<row r="0"/>',
        '<row r="2"/><row r="2"/>',
        '<row r="3"/><row r="2"/>',
        '<row r="1"><c r="B1"/><c r="A1"/></row>',
        '<row r="1"><c r="A1"/><c r="A1"/></row>',
        '<row r="1"><c r="A2"/></row>',
        '<row r="1"><c r="1"/></row>',
        '<row r="1"><c r="a1"><v>1</v></c><c r="ABCD1"/></row>',
        '<row r="1"><c r="A1"><v>1</v><v>2</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>99</v></c></row>',
        '<row r="1"><c r="A1"><v>&undefined;</v></c></row>',
    ],
)
def test_sheet_that_contradicts_itself_is_refused(faults_of, xml):
    """Rows and cells out of order would be lost, or stand elsewhere."""
    assert faults_of(with_sheet(xml), "not a workbook") == DAMAGED


@pytest.mark.parametrize("part", ["xl/workbook.xml", "_rels/.rels", SHEET])
def test_workbook_without_a_part_it_needs_is_refused(faults_of, part):
    assert faults_of(altered(saved(), {part: None}), "is missing") == DAMAGED


@pytest.mark.parametrize("encoding", ["utf-7", "no-such", "utf-16"])
def test_part_in_an_encoding_it_is_not_in_is_refused(faults_of, encoding):
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    content = altered(saved(), {SHEET: lambda xml: head.encode() + xml})
    assert faults_of(content, "not a workbook") == DAMAGED


def test_two_parts_of_one_name_are_refused(faults_of):
    """Which is read would depend on the reader."""
    content = altered(saved(), {SHEET.upper(): b"<worksheet/>"})
    assert faults_of(content, "two parts bear one name") == DAMAGED


def test_part_packed_in_an_unusual_way_is_refused(faults_of):
    content = altered(saved(), {}, zipfile.ZIP_LZMA)
    assert faults_of(content, "is packed as in no workbook") == DAMAGED


def test_workbook_without_a_sheet_of_cells_is_refused(faults_of):
    content = replaced(
        "relationships/worksheet",
        "relationships/dialogsheet",
        "xl/_rels/workbook.xml.rels",
        saved(chart="first"),
    )
    assert faults_of(content, "no sheet") == DAMAGED


def test_sheet_of_blanks_is_empty(faults_of):
    content = with_sheet('<row r="1"><c r="A1" s="0"/></row><row r="9"/>')
    assert faults_of(content, "sheet 'Lots' is empty") == DAMAGED


# --- what an honest workbook may be --------------------------------------------------


@pytest.mark.parametrize("tag", ["A1:B2", "A1", "A1:XFD1048576", "C3:D4", "nonsense"])
def test_dimensions_that_are_wrong_lose_nothing(read, lots, tag):
    """Many programs write A1 or nothing: what counts is the cells."""
    desk = read(replaced('<dimension ref="A1:C4"/>', f'<dimension ref="{tag}" />'))
    assert lots(desk) == HELD


def test_sheet_without_dimensions_loses_nothing(read, lots):
    assert lots(read(replaced('<dimension ref="A1:C4"/>', ""))) == HELD


def test_cells_without_references_stand_side_by_side(read, lots):
    xml = "<row>" + "".join(f'<c t="str"><v>{h}</v></c>' for h in HEADER) + "</row>"
    xml += '<row><c t="str"><v>a</v></c><c t="str"><v>MU</v></c><c><v>5</v></c></row>'
    assert lots(read(with_sheet(xml))) == {"MU": 5.0}


def test_blank_rows_and_cells_keep_their_place(faults_of):
    rows = (HEADER, [], [None, None, None, 1], LOTS[0], [], ["semis", "MU", "x"])
    assert faults_of(saved(rows), "row 6, quantity: found 'x'") == [
        ("bad-number", 6, "quantity")
    ]


def test_text_may_stand_in_runs_with_its_pronunciation(read):
    """As Excel keeps names in kanji or hangul."""
    text = '<si><r><t>se</t></r><r><rPr/><t>mis</t></r><rPh sb="0" eb="2"><t>xx</t>'
    text += "</rPh><phoneticPr/></si>"
    content = replaced("<si><t>semis</t></si>", text, "xl/sharedStrings.xml")
    assert set(rp.positions(read(content))["book"]) == {"semis", "tokens"}


def test_text_may_stand_in_its_cell(read):
    row = '<row r="1">' + "".join(
        f'<c r="{c}1" t="inlineStr"><is><t>{h}</t></is></c>'
        for c, h in zip("ABC", HEADER, strict=True)
    )
    row += '</row><row r="2"><c r="A2" t="inlineStr"><is><r><t>se</t></r><r><t>mis</t>'
    row += '</r></is></c><c r="B2" t="inlineStr"><is><t>MU</t></is></c><c r="C2">'
    row += "<v>1E2</v></c></row>"
    assert rp.positions(read(with_sheet(row)))["book"].tolist() == ["semis"]


def test_escaped_line_end_in_a_text_is_a_space(read):
    content = replaced("semis", "se_x000D_mis", "xl/sharedStrings.xml")
    assert "se mis" in set(rp.positions(read(content))["book"])


@pytest.mark.parametrize("prefix", ["", "x:"])
@pytest.mark.parametrize("space", [MAIN, STRICT])
def test_strict_and_prefixed_workbooks_are_read(prefix, space):
    declared = f'xmlns:x="{space}"' if prefix else f'xmlns="{space}"'
    xml = f'<worksheet {declared}><sheetData><row r="1"><c r="A1"><v>4</v></c></row>'
    xml = re.sub("<(/?)", rf"<\g<1>{prefix}", f"{xml}</sheetData></worksheet>")
    content = altered(saved(), {SHEET: xml.encode()})
    assert workbook.read_sheet(content, "book.xlsx", None).rows == {1: [4]}


def test_chart_before_the_first_sheet_is_no_sheet(read, lots):
    assert lots(read(saved(chart="first"))) == HELD


@pytest.mark.parametrize("text", ["nan", "inf", "1_000", "١٢", "0x1A", "--1", "1,5"])
def test_number_cell_that_holds_no_number_is_refused(faults_of, text):
    content = replaced("<v>100</v>", f"<v>{text}</v>")
    assert faults_of(content, "bad-number") == [("bad-number", 2, "quantity")]


@pytest.mark.parametrize("serial", ["1e300", "-5", "1e999", "99999999"])
def test_serial_that_is_no_day_is_refused(faults_of, serial):
    rows = ([*HEADER, "locked_until"], [*LOTS[0], dt.date(2026, 5, 29)], LOTS[1])
    content = replaced("<v>46171</v>", f"<v>{serial}</v>", base=saved(rows))
    assert faults_of(content, "not a date") == [("bad-date", 2, "locked_until")]


def days(form, base="1900", number_format=None):
    """Return what a sheet shows of serial 46171 in a format built in as `form`."""
    style = f"<styleSheet><numFmts>{number_format or ''}</numFmts><cellStyleXfs>"
    style += f'<xf numFmtId="14"/></cellStyleXfs><cellXfs><xf/><xf numFmtId="{form}"/>'
    style += '</cellXfs><dxfs><dxf><numFmt numFmtId="170" formatCode="0"/></dxf></dxfs>'
    style += "</styleSheet>"
    parts = {
        "xl/styles.xml": style.encode(),
        SHEET: b'<worksheet><row r="1"><c r="A1" s="1"><v>46171</v></c></row>'
        b"</worksheet>",
    }
    if base == "1904":
        parts["xl/workbook.xml"] = lambda xml: xml.replace(
            b"<workbookPr ", b'<workbookPr date1904="1" '
        )
    content = altered(saved(), parts)
    return workbook.read_sheet(content, "book.xlsx", None).rows[1][0]


def test_format_tells_a_day_from_a_number():
    day = dt.datetime.fromisoformat("2026-05-29")
    own = '<numFmt numFmtId="170" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/>'
    assert [days(f) for f in (0, 1, 9, 49, 170)] == [46171] * 5
    assert [days(f) for f in (14, 22, 31, 57)] == [day] * 4
    assert days(170, number_format=own) == day
    assert days(14, "1904") == day + dt.timedelta(days=1462)


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**15), 10**15),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=9),
    st.integers(20_000, 80_000).map(lambda day: from_excel(day + 0.25)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELLS, max_size=5), min_size=1, max_size=6))
def test_cells_are_those_that_openpyxl_reads(rows):
    """A second opinion, on files without a trap."""
    plain = [
        [None if isinstance(c, str) and c.startswith("=") else c for c in row]
        for row in rows
    ]
    content = by_openpyxl(plain)
    book = load_workbook(io.BytesIO(content), data_only=True)
    expected = {
        i: list(row)
        for i, row in enumerate(book.active.iter_rows(values_only=True), start=1)
    }
    if all(cell is None for row in expected.values() for cell in row):
        return
    found = workbook.read_sheet(content, "book.xlsx", None)
    width = max(len(row) for row in expected.values())
    for i, row in expected.items():
        cells = found.rows.get(i, [])
        assert cells + [None] * (width - len(cells)) == row
    assert set(found.rows) <= set(expected)


def test_every_digit_of_a_number_is_kept():
    exact = np.random.default_rng(3).lognormal(0, 20, 2_000).tolist()
    xml = "".join(f"<row><c><v>{number!r}</v></c></row>" for number in exact)
    found = workbook.read_sheet(with_sheet(xml), "book.xlsx", None).rows
    assert [row[0] for row in found.values()] == exact
