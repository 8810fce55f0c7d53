"""desk.toml and settings: every fault named, with the keys that are allowed."""

import pytest

import riskplugin as rp


@pytest.fixture
def rejected(folder):
    """Return the issues with which a desk.toml is refused."""

    def rejected(match, text):
        with pytest.raises(rp.ConfigError, match=match) as caught:
            rp.load_desk(folder(text))
        return {i.where.column: (i.code, i.hint) for i in caught.value.issues}

    return rejected


TABLES = '[tables]\npositions = "positions.csv"\nprices = "prices.csv"\nfx = "fx.csv"\n'


def test_unknown_keys_name_the_allowed_ones(rejected):
    issues = rejected(
        "unknown key",
        'base_curency = "USD"\nzzz = 1\n' + TABLES + "[settings]\nhalflife = 2\n",
    )
    assert issues["base_curency"] == ("unknown-key", "did you mean 'base_currency'?")
    assert issues["settings.halflife"] == ("unknown-key", "did you mean 'half_life'?")
    code, hint = issues["zzz"]
    assert code == "unknown-key"
    for key in ("as_of", "base_currency", "on_error", "tables", "drivers", "nav"):
        assert key in hint


def test_unknown_key_of_a_table_names_the_allowed_ones(rejected):
    text = '[tables]\npositions = {path = "positions.csv", colums = {}}\n'
    issues = rejected("unknown key", text)
    assert issues["tables.positions.colums"] == (
        "unknown-key",
        "did you mean 'columns'?",
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('as_of = "soon"\n', "as_of"),
        ('base_currency = "usd"\n', "base_currency"),
        ('base_currency = "DOLLAR"\n', "base_currency"),
        ('on_error = "continue"\n', "on_error"),
        ('universe = "mine"\n', "universe"),
        ("[settings]\nconfidence = 1.0\n", "settings.confidence"),
        ("[settings]\nconfidence = 95\n", "settings.confidence"),
        ("[settings]\nhalf_life = 0\n", "settings.half_life"),
        ("[settings]\nhalf_life = inf\n", "settings.half_life"),
        ("[settings]\nmin_overlap = 5\n", "settings.min_overlap"),
        ("[settings]\nreturn_sessions = 2.5\n", "settings.return_sessions"),
        ("[settings]\nmax_stale_sessions = -1\n", "settings.max_stale_sessions"),
        ("[settings]\nparticipation = 0\n", "settings.participation"),
        ("[settings]\nunwind_share = 1.5\n", "settings.unwind_share"),
        ("[nav]\nsemis = 0\n", "nav.semis"),
        ("[nav]\nsemis = nan\n", "nav.semis"),
        ("[nav]\nsemis = true\n", "nav.semis"),
        ('[drivers]\nmemory = "MU"\n', "drivers.memory"),
        ('[drivers]\nmemory = ["MU", "MU"]\n', "drivers"),
    ],
)
def test_wrong_value_is_named_by_its_key(rejected, text, where):
    issues = rejected(where, text)
    assert issues[where][0] == "bad-config"


def test_every_fault_of_the_file_is_named_at_once(rejected):
    text = 'as_of = 7\nbase_currency = "$"\n[settings]\nconfidence = 2\nx = 1\n'
    assert set(rejected("4 errors", text)) == {
        "as_of",
        "base_currency",
        "settings.confidence",
        "settings.x",
    }


@pytest.mark.parametrize(
    "text", ["[tables\n", "as_of = \n", 'a = "1\n', "as_of = 2026-05-29\nas_of = 1\n"]
)
def test_what_is_not_toml_is_refused_with_its_line(rejected, text):
    issues = rejected(r"desk\.toml: not valid TOML: .*line \d", text)
    assert issues[None] == ("bad-config", "check quotes, brackets and commas there")


def test_unknown_table_names_the_known_ones(folder):
    text = TABLES + 'volume = "volumes.csv"\n'
    with pytest.raises(rp.InputError, match=r"tables\.volume: unknown table") as caught:
        rp.load_desk(folder(text))
    (issue,) = (i for i in caught.value.issues if i.severity == "error")
    assert issue.code == "unknown-key"
    for name in ("positions", "prices", "volumes", "limits", "scenarios"):
        assert name in issue.hint


def test_missing_tables_are_named_with_their_columns(folder):
    with pytest.raises(rp.InputError, match="table is missing") as caught:
        rp.load_desk(folder('[tables]\nfx = "fx.csv"\n'))
    missing = {i.where.source: i.hint for i in caught.value.issues}
    assert set(missing) == {"positions", "prices"}
    assert "book, instrument, quantity" in missing["positions"]


def test_missing_desk_file_is_refused(tmp_path):
    with pytest.raises(rp.SchemaError, match=r"desk\.toml: no such file"):
        rp.load_desk(tmp_path / "desk.toml")


def test_desk_file_that_is_a_folder_is_refused(tmp_path):
    with pytest.raises(rp.SchemaError, match="is a folder"):
        rp.load_desk(tmp_path)


def test_column_mapping_renames(folder, positions, worth):
    theirs = positions.rename(
        columns={"book": "Portfolio", "instrument": "BBG Ticker", "quantity": "Qty"}
    )
    text = TABLES.replace(
        'positions = "positions.csv"',
        'positions = {path = "positions.csv", columns = '
        '{book = "portfolio", instrument = " BBG Ticker ", quantity = "Qty"}}',
    )
    desk = rp.load_desk(folder(text, {"positions.csv": theirs}))
    assert worth(desk) == worth(
        rp.load_desk(folder(files={"positions.csv": positions}))
    )


def test_column_mapping_of_prices_renames(folder, prices, long_prices, worth):
    plain = worth(rp.load_desk(folder()))
    columns = 'columns = {date = "Day", instrument = "Name", close = "Last"}'
    text = TABLES.replace('"prices.csv"', f'{{path = "prices.csv", {columns}}}')
    names = {"date": "Day", "instrument": "Name", "close": "Last"}
    long = long_prices.rename(columns=names)
    assert worth(rp.load_desk(folder(text, {"prices.csv": long}))) == plain
    text = TABLES.replace(
        '"prices.csv"', '{path = "prices.csv", columns = {date="Day"}}'
    )
    wide = prices.rename(columns=names)
    assert worth(rp.load_desk(folder(text, {"prices.csv": wide}))) == plain


def test_column_mapping_to_an_unknown_name_is_refused(folder):
    columns = 'columns = {quantty = "Qty"}'
    text = TABLES.replace('"positions.csv"', f'{{path = "positions.csv", {columns}}}')
    with pytest.raises(rp.InputError, match="did you mean 'quantity'") as caught:
        rp.load_desk(folder(text))
    assert [i.code for i in caught.value.issues] == ["unknown-column"]


def test_column_mapping_to_a_header_that_is_not_there_is_refused(folder):
    columns = 'columns = {quantity = "Qty"}'
    text = TABLES.replace('"positions.csv"', f'{{path = "positions.csv", {columns}}}')
    with pytest.raises(rp.InputError, match="Qty: column is missing"):
        rp.load_desk(folder(text))


# --- settings of desk_from_tables ----------------------------------------------------


def test_settings_are_those_of_the_file(folder, load):
    text = (
        'base_currency = "EUR"\n' + TABLES + "[nav]\nsemis = 5e6\n"
        "[settings]\nhalf_life = 100\nconfidence = 0.9\n"
    )
    given = {"base_currency": "EUR", "nav": {"semis": 5e6}}
    given |= {"half_life": 100, "confidence": 0.9}
    assert rp.load_desk(folder(text)).settings == load(settings=given).settings


def test_unknown_setting_names_the_nearest(load):
    with pytest.raises(rp.ConfigError, match="did you mean 'half_life'"):
        load(settings={"halflife": 100})


def test_unknown_and_wrong_settings_are_named_at_once(load):
    with pytest.raises(rp.ConfigError, match="2 errors") as caught:
        load(settings={"halflife": 100, "confidence": 95})
    assert {i.where.column.rpartition(".")[2] for i in caught.value.issues} == {
        "halflife",
        "confidence",
    }


def test_driver_with_an_empty_basket_is_dropped(load):
    drivers = load(
        settings={"drivers": {"crypto": [], "power": ["VRT"]}}
    ).settings.drivers
    assert drivers == {
        "memory": ("MU", "000660.KS", "005930.KS"),
        "ai_compute": ("NVDA", "AMD", "AVGO"),
        "equity": ("SPY",),
        "power": ("VRT",),
    }


def test_valuation_date_of_the_file_yields_to_the_callers(folder):
    desk = folder("as_of = 2026-05-27\n" + TABLES)
    assert str(rp.load_desk(desk).as_of) == "2026-05-27"
    assert str(rp.load_desk(desk, as_of="2026-05-26").as_of) == "2026-05-26"


def test_settings_that_are_no_mapping_are_refused(load):
    with pytest.raises(rp.ConfigError, match="give a mapping of keys to values"):
        load(settings=[1])
