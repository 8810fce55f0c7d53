"""The house rules that no linter checks."""

import ast
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import riskplugin
from riskplugin import api

PACKAGE = Path(riskplugin.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
SAMPLES = Path(__file__).parents[1] / "samples" / "desk.toml"
LONGEST = 400
THICKEST = 15
LISTS = {"api.py"}  # a flat list of thin functions, as long as there are functions
HEAVY = {
    "riskfolio",
    "cvxpy",
    "plotly",
    "dask",
    "distributed",
    "duckdb",
    "scipy.stats",
    "xlwings",
    "matplotlib",
    "statsmodels",
    "sklearn",
    "numba",
    "sqlalchemy",
    "fsspec",
}
OPENS_URLS = ("sources/opening.py",)  # each protocol raises what its library does
USED = f"""
import riskplugin as rp
desk = rp.load_desk({str(SAMPLES)!r})
assert len(rp.exposures(desk)) and len(rp.stress(desk))
"""


def name_of(path):
    return path.relative_to(PACKAGE).as_posix()


def tree(path):
    return ast.parse(path.read_text("utf-8"))


def body_lines(function):
    """Return the lines of a function after its docstring."""
    statements = function.body[1:] or function.body
    return statements[-1].end_lineno - statements[0].lineno + 1


def nodes(kind):
    """Yield the path and every node of a kind in the package."""
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, kind):
                yield name_of(path), node


def imported_by(code):
    """Return the modules that a fresh process holds after `code`."""
    listing = "\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code + listing],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


# --- what is public ------------------------------------------------------------------


def test_all_is_sorted_and_names_nothing_twice():
    assert riskplugin.__all__ == sorted(set(riskplugin.__all__))


def test_every_public_name_resolves():
    for name in riskplugin.__all__:
        found = getattr(riskplugin, name)
        assert getattr(found, "__name__", name) == name


def test_all_is_what_type_checkers_see():
    (block,) = (
        node
        for node in tree(PACKAGE / "__init__.py").body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    typed = {}
    for line in block.body:
        for alias in line.names:
            typed[alias.asname or alias.name] = line.module
    assert sorted(typed) == riskplugin.__all__
    for name, module in typed.items():
        home = riskplugin._HOME[name]
        assert f"riskplugin.{home}" == module, name


def test_every_public_function_of_the_api_is_exported():
    assert set(api.__all__) <= set(riskplugin.__all__)
    lower = {n for n in riskplugin.__all__ if n.islower() and not n.startswith("_")}
    assert lower == set(api.__all__)


def test_every_public_name_says_what_it_is():
    for name in riskplugin.__all__:
        if name != "__version__":
            assert (getattr(riskplugin, name).__doc__ or "").strip(), name


def test_public_names_are_listed_without_being_imported():
    assert set(riskplugin.__all__) <= set(dir(riskplugin))


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'stres'"):
        riskplugin.stres  # noqa: B018 - the access is the test


def test_no_module_bears_the_name_of_a_public_function():
    """A lazy `rp.stress` beside `stress.py` is the function once, then the module."""
    modules = {m.name for m in pkgutil.iter_modules(riskplugin.__path__)}
    assert modules & set(riskplugin.__all__) == set()


# --- what is imported when -----------------------------------------------------------


def test_import_of_the_package_imports_nothing_heavy():
    loaded = imported_by("import riskplugin")
    assert loaded & (HEAVY | {"pandas", "numpy", "scipy", "pydantic", "click"}) == set()


def test_main_job_imports_nothing_heavy():
    assert imported_by(USED) & (HEAVY | {"openpyxl", "click", "rich"}) == set()


def test_measuring_imports_nothing_heavy():
    kernel = "import riskplugin.risk.smoothing, riskplugin.risk.riskfolio_totals"
    assert imported_by(kernel) & (HEAVY | {"pandas", "scipy"}) == set()


# --- how the source reads ------------------------------------------------------------


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_source_file_is_short_enough_to_read(path):
    if name_of(path) in LISTS:
        thin = [f for f in tree(path).body if isinstance(f, ast.FunctionDef)]
        assert max(body_lines(f) for f in thin) <= THICKEST
        return
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_source_file_says_what_it_is_for(path):
    assert ast.get_docstring(tree(path))


def test_nothing_prints_but_the_adapters():
    calls = [
        (name, node.lineno)
        for name, node in nodes(ast.Call)
        if isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert [c for c in calls if not c[0].startswith("adapters/")] == []


def test_no_bare_except():
    bare = [(n, e.lineno) for n, e in nodes(ast.ExceptHandler) if e.type is None]
    assert bare == []


def test_only_adapters_catch_everything():
    broad = [
        (name, handler.lineno)
        for name, handler in nodes(ast.ExceptHandler)
        if handler.type is not None and ast.unparse(handler.type) == "Exception"
    ]
    assert [b for b in broad if not b[0].startswith(("adapters/", *OPENS_URLS))] == []


def test_no_assert_on_input():
    assert [(name, node.lineno) for name, node in nodes(ast.Assert)] == []


def test_the_core_reads_no_clock():
    """`as_of` is an argument everywhere."""
    clocks = {"today", "now", "utcnow", "time"}
    read = [
        (name, node.lineno)
        for name, node in nodes(ast.Call)
        if isinstance(node.func, ast.Attribute)
        and node.func.attr in clocks
        and not name.startswith("adapters/")
    ]
    assert read == []
