"""The documentation is true: it is generated, it runs, it links, it parses."""

import importlib.util
import re
import sys
from pathlib import Path

import click
import pytest

from riskplugin import api
from riskplugin.adapters.cli import cli

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ROOT / "docs" / "reference"
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "samples/README.md"]
)
SHELL = ("", "sh", "bash", "console", "shell")
MACHINE = re.compile(r"(?<![\w.])/(?:home|root|tmp|work|Users|private|mnt)/|[A-Z]:\\")


def loaded_script():
    """Return docs/build_reference.py as a module."""
    path = ROOT / "docs" / "build_reference.py"
    spec = importlib.util.spec_from_file_location("build_reference", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


build = loaded_script()


def named(path):
    return str(path.relative_to(ROOT))


def prose(text):
    """Return a page without its fenced blocks."""
    lines = text.splitlines()
    for block in build.fences(text):
        lines[block.start : block.end + 1] = [""] * (block.end + 1 - block.start)
    return "\n".join(lines)


def spans(text):
    """Return the inline code of a page; a span may run over a line's end."""
    return [" ".join(s.split()) for s in re.findall(r"`([^`]+)`", prose(text))]


def slugs(text):
    """Return the anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ +(.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


def links(text):
    without_code = re.sub(r"`[^`]*`", "", prose(text))
    found = re.findall(r"\]\(([^)\s]+)\)", without_code)
    return [link for link in found if not re.match(r"[a-z]+:", link)]


@pytest.mark.parametrize("name", build.PAGES)
def test_reference_is_up_to_date(name):
    page = GENERATED / name
    assert page.read_text("utf-8") == build.PAGES[name](), (
        "run: python docs/build_reference.py --write"
    )


def test_reference_holds_no_page_that_nobody_writes():
    written = {p.name for p in GENERATED.glob("*.md")} - {"glossary.md"}
    assert written == set(build.PAGES)


@pytest.mark.parametrize("page", build.played_pages(), ids=named)
def test_blocks_run_and_print_what_the_page_shows(page):
    assert page.read_text("utf-8") == build.played(page), (
        "run: python docs/build_reference.py --write"
    )


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_relative_links_resolve(page):
    broken = []
    for link in links(page.read_text("utf-8")):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        missing = not target.exists() or not target.is_relative_to(ROOT)
        if missing or (anchor and anchor not in slugs(target.read_text("utf-8"))):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_page_names_a_path_of_a_machine(page):
    assert MACHINE.findall(page.read_text("utf-8")) == []


def test_every_command_is_documented():
    reference = (GENERATED / "cli.md").read_text("utf-8")
    by_hand = "".join(p.read_text("utf-8") for p in PAGES if p.parent != GENERATED)
    for verb in cli.commands:
        assert f"\n## {verb}\n" in reference
        assert f"riskplugin {verb} " in by_hand


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_command_lines_parse(page):
    text = page.read_text("utf-8")
    blocks = [b.body for b in build.fences(text) if b.language in SHELL]
    for words in build.commands("\n".join(blocks)):
        parse(words[1:], whole=True)
    for span in spans(text):
        for words in build.commands(span):
            parse(words[1:], whole=False)


def parse(words, *, whole):
    """Parse a command line; of one that is not whole, look at names alone."""
    context = cli.make_context("riskplugin", list(words), resilient_parsing=not whole)
    if whole or (words and words[0] in cli.commands):
        verb, command, rest = cli.resolve_command(context, list(words))
        command.make_context(verb, rest, parent=context, resilient_parsing=not whole)
    else:
        assert not words or words[0] in ("VERB", "--help", "--version")


def test_every_public_function_stands_on_a_page_written_by_hand():
    by_hand = "".join(p.read_text("utf-8") for p in PAGES if p.parent != GENERATED)
    absent = [n for n in api.__all__ if not re.search(rf"rp\.{n}\b", by_hand)]
    assert absent == []


def test_every_issue_code_of_the_source_is_explained():
    assert build.codes_in_source() == set(build.CODES)


def test_codes_are_read_from_the_source(tmp_path, monkeypatch):
    (tmp_path / "new.py").write_text('Issue("odd-thing", where, "The odd-est")\n')
    monkeypatch.setattr(build, "SOURCE", tmp_path)
    assert build.codes_in_source() == {"odd-thing"}


def test_a_page_is_played_in_one_namespace_beside_the_samples(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "```toml own/file.toml\na = 1\n```\n"
        "```python\nfrom pathlib import Path\n"
        "x = Path('own/file.toml').read_text()\n```\n"
        "```python\nprint(x, Path('samples/desk.toml').exists())\n```\n\n"
        "```text\nwrong\n```\n\n```text\nnot an output\n```\n"
    )
    shown = [b.body for b in build.fences(build.played(page)) if b.language == "text"]
    assert shown == ["a = 1\n True", "not an output"]


def test_a_block_that_fails_says_where(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n```python\nprint(1)\nprint(unknown)\n```\n")
    with pytest.raises(NameError, match="unknown") as caught:
        build.played(page)
    assert str(caught.traceback[-1].path) == "page.md"
    assert caught.traceback[-1].lineno == 4  # from 0


def test_a_block_that_is_not_closed_is_refused():
    with pytest.raises(ValueError, match="line 2"):
        build.fences("text\n```python\nprint(1)\n")


def test_commands_are_cut_as_the_shell_cuts_them():
    body = (
        "pip install '.[dev]' && .venv/bin/riskplugin run a.toml --out b > log  # why\n"
        "$ riskplugin stress \\\n  a.toml --by tier | head"
    )
    assert list(build.commands(body)) == [
        ["riskplugin", "run", "a.toml", "--out", "b"],
        ["riskplugin", "stress", "a.toml", "--by", "tier"],
    ]


@pytest.mark.parametrize(
    "line",
    ["nonsense desk.toml", "run desk.toml --nonsense", "stress desk.toml --by", "run"],
)
def test_a_wrong_command_line_is_found(line):
    with pytest.raises(click.UsageError, match=r"No such|requires an arg|Missing par"):
        parse(line.split(), whole=True)


@pytest.mark.parametrize(("content", "code"), [("old", 1), ("new", 0)])
def test_check_fails_where_a_page_is_out_of_date(content, code, tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text(content)
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "wanted", lambda: [(page, "new")])
    monkeypatch.setattr(sys, "argv", ["build_reference.py", "--check"])
    assert build.main() == code
    assert page.read_text() == content
    monkeypatch.setattr(sys, "argv", ["build_reference.py", "--write"])
    assert build.main() == 0
    assert page.read_text() == "new"
