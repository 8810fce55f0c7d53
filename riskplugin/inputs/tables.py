"""The tables a desk can give."""

from riskplugin.inputs.columns import Check, TableSpec, by_name, date, number, text

ASSET_CLASSES = ("equity", "crypto", "fx", "rate", "cash")
KINDS = (
    "spot",
    "etf",
    "leveraged_etf",
    "perpetual",
    "future",
    "forward",
    "swap",
    "option",
    "cash",
)
LINKS = ("direct", "infrastructure", "sentiment", "none")

POSITIONS = TableSpec(
    "positions",
    "What each book holds; one row per lot.",
    (
        text("book", "Book that holds the position.", required=True),
        text("instrument", "Identifier or alias.", required=True),
        number(
            "quantity",
            "Units, contracts or tokens; short < 0.",
            "units",
            required=True,
        ),
        number(
            "price",
            "Overrides the market price.",
            "local currency",
            check=Check.POSITIVE,
        ),
        text(
            "currency",
            "Currency of its price: that of an instrument no table knows; of another "
            "it must agree with instruments.",
            synonyms=("ccy", "curr", "crncy"),
        ),
        text("strategy", "The desk's own label."),
        text("account", "Prime broker or exchange."),
        number(
            "entry_price", "Price paid.", "local currency", check=Check.NOT_NEGATIVE
        ),
        number(
            "margin_posted",
            "Margin posted for it.",
            "base currency",
            check=Check.NOT_NEGATIVE,
        ),
        number(
            "liquidation_price",
            "Price at which the exchange closes it.",
            "local currency",
            check=Check.POSITIVE,
        ),
        date("locked_until", "First day on which it may be sold."),
    ),
)
INSTRUMENTS = TableSpec(
    "instruments",
    "The desk's own instruments; adds to the shipped universe or replaces its rows.",
    (
        text("instrument", "Canonical identifier.", required=True),
        text("tier", "Tier, shipped or the desk's own.", required=True),
        text(
            "asset_class",
            "Asset class.",
            required=True,
            choices=ASSET_CLASSES,
        ),
        text("kind", "What it is; spot where blank.", choices=KINDS),
        text("name", "Name in words."),
        text("aliases", "Other names, separated by semicolons."),
        text("link", "How it hangs on memory; the tier's where blank.", choices=LINKS),
        text("currency", "Currency of its price; the base currency where blank."),
        number(
            "multiplier",
            "Units of the underlying per contract; 1 where blank.",
            "units",
            check=Check.POSITIVE,
        ),
        text("calendar", "Exchange calendar, or 24/7."),
        text(
            "underlying",
            "Instrument it derives from and moves by; its prices stand in where it has "
            "none.",
        ),
        number("leverage", "Daily leverage of a leveraged ETF.", "ratio"),
        text("option_type", "call or put.", choices=("call", "put")),
        text("style", "Exercise style.", choices=("european", "american")),
        number("strike", "Strike.", "local currency", check=Check.POSITIVE),
        date("expiry", "Expiry."),
        text(
            "settlement",
            "linear where blank.",
            choices=("linear", "inverse"),
        ),
        number(
            "maintenance_margin",
            "Share of the notional below which it is closed.",
            "decimal",
            check=Check.FRACTION,
        ),
        number(
            "funding_rate", "Funding per interval; > 0 is paid by longs.", "decimal"
        ),
        number("funding_hours", "Funding interval.", "hours", check=Check.POSITIVE),
        number("dividend_yield", "Dividend yield.", "decimal a year"),
        number(
            "borrow_rate",
            "Cost of borrowing it.",
            "decimal a year",
            check=Check.NOT_NEGATIVE,
        ),
        number(
            "half_spread",
            "Half the bid-ask spread over the price.",
            "decimal",
            check=Check.FRACTION,
        ),
        text("volume_venue", "Venue whose volume counts."),
    ),
)
PRICES = TableSpec(
    "prices",
    "Split-adjusted closes in local currency; one row per date and instrument, or one "
    "row per date with a column per instrument.",
    (
        date("date", "Date of the close.", required=True),
        text("instrument", "Identifier or alias.", required=True),
        number(
            "close",
            "Close; blank where there is none.",
            "local currency",
            required=True,
            check=Check.POSITIVE,
            may_be_blank=True,
        ),
    ),
    pivot=("instrument", "close"),
)
PRICES_SECOND = TableSpec(
    "prices_second",
    "Closes of a second source, which the data doctor holds beside the prices; nothing "
    "is computed from them. As long or as wide as prices.",
    PRICES.columns,
    pivot=PRICES.pivot,
)
VOLUMES = TableSpec(
    "volumes",
    "Traded volume.",
    (
        date("date", "Date.", required=True),
        text("instrument", "Identifier or alias.", required=True),
        number(
            "volume",
            "Shares, tokens or contracts traded, in the unit of quantity; blank where "
            "unknown.",
            "units",
            required=True,
            check=Check.NOT_NEGATIVE,
            may_be_blank=True,
        ),
        text("venue", "Venue; volumes of two venues are never compared."),
    ),
    pivot=("instrument", "volume"),
)
FX = TableSpec(
    "fx",
    "Exchange rates; one row per date and pair, or a column per pair.",
    (
        date("date", "Date of the rate.", required=True),
        text("pair", "USDKRW is KRW per USD.", required=True),
        number(
            "rate",
            "Rate; blank where there is none.",
            "quote per base",
            required=True,
            check=Check.POSITIVE,
            may_be_blank=True,
        ),
    ),
    pivot=("pair", "rate"),
)
RATES = TableSpec(
    "rates",
    "Interest rates.",
    (
        date("date", "Date.", required=True),
        text("currency", "Currency.", required=True),
        number("tenor_days", "Tenor.", "days", required=True, check=Check.POSITIVE),
        number("rate", "Rate.", "decimal a year", required=True),
    ),
)
VOLS = TableSpec(
    "vols",
    "Implied volatilities.",
    (
        date("date", "Date.", required=True),
        text("instrument", "The underlying.", required=True),
        number(
            "implied_volatility",
            "Implied volatility.",
            "decimal a year",
            required=True,
            check=Check.POSITIVE,
        ),
        number("tenor_days", "Tenor.", "days", check=Check.POSITIVE),
        number("moneyness", "Strike over spot.", "ratio", check=Check.POSITIVE),
    ),
)
HOLDINGS = TableSpec(
    "holdings",
    "What a fund holds.",
    (
        text("fund", "Identifier of the fund.", required=True),
        text("instrument", "Identifier or alias.", required=True),
        number(
            "weight",
            "Share of the fund; what is left of 1 stays in the fund's own tier.",
            "decimal",
            required=True,
        ),
    ),
)
LIMITS = TableSpec(
    "limits",
    "The desk's limits, a row for each; see the page on limits.",
    (
        text(
            "metric",
            "What is limited: a column of exposures, stress_loss, days, CVaR, …",
            required=True,
        ),
        text(
            "scope",
            "total, or a key of exposures and its label, as tier:memory, book:semis.",
            required=True,
        ),
        number("soft", "Level of the warning.", "see unit", required=True),
        number("hard", "Level of the breach.", "see unit", required=True),
        text(
            "unit",
            "base currency, share of NAV, days or ratio.",
            required=True,
            choices=("base", "nav", "days", "ratio"),
        ),
        text(
            "direction",
            "Whether the metric must stay below or above.",
            required=True,
            choices=("max", "min"),
        ),
        text(
            "scenario",
            "Of a stress limit: a scenario, worst, or worst:FAMILY.",
        ),
        date("waiver_until", "Last day on which a breach is waived."),
        text("reason", "Why the limit stands; needed with a waiver."),
    ),
)
INDICATORS = TableSpec(
    "indicators",
    "Series that tell a cycle from a supercycle.",
    (
        date("date", "Date.", required=True),
        text("series", "Memory contract or spot price, revisions, …", required=True),
        number("value", "Value.", "the series' own", required=True),
    ),
)
HEDGES = TableSpec(
    "hedges",
    "Instruments that a hedge may trade, and what trading them costs.",
    (
        text("instrument", "Identifier or alias.", required=True),
        text(
            "side",
            "What may be done: buy, sell or both; both where blank.",
            choices=("buy", "sell", "both"),
        ),
        number(
            "half_spread_bps",
            "Half the bid-ask spread over the price; the instrument's where blank.",
            "basis points",
            check=Check.NOT_NEGATIVE,
        ),
        number(
            "impact",
            "Constant of the square-root law of impact; the desk's where blank, 0 "
            "for none.",
            "ratio",
            check=Check.NOT_NEGATIVE,
        ),
        number(
            "daily_volume",
            "What is traded on an ordinary day; that of volumes where blank.",
            "units",
            check=Check.POSITIVE,
        ),
        number(
            "funding_rate",
            "What holding it long costs; a short receives it. 0 where blank.",
            "decimal a year",
        ),
        number(
            "borrow_rate",
            "What borrowing it costs a short; 0 where blank.",
            "decimal a year",
            check=Check.NOT_NEGATIVE,
        ),
        number("lot", "Smallest trade; 1 where blank.", "units", check=Check.POSITIVE),
        number(
            "max_units", "Most that may be traded.", "units", check=Check.NOT_NEGATIVE
        ),
        number(
            "max_notional",
            "Most that may be traded; of an option the underlying's value.",
            "base currency",
            check=Check.NOT_NEGATIVE,
        ),
        number(
            "participation",
            "Share of the daily volume that may be traded; the desk's where blank.",
            "decimal",
            check=Check.FRACTION,
        ),
    ),
)
TRADES = TableSpec(
    "trades",
    "What might be traded; one row per order, or per cut of a scope.",
    (
        text("idea", "Rows of one name are tried together, apart from the others."),
        text("book", "Book that trades; of a cut, the books it is of, all if blank."),
        text("instrument", "Identifier or alias."),
        text("account", "Account whose lots are meant; any where blank."),
        text("strategy", "Strategy whose lots are meant; any where blank."),
        text("tier", "Of a cut: the tier it is of."),
        text("link", "Of a cut: the link it is of.", choices=LINKS),
        text("asset_class", "Of a cut: the asset class it is of."),
        text("currency", "Of a cut: the currency it is of."),
        text("kind", "Of a cut: the kind it is of.", choices=KINDS),
        number("quantity", "Units bought; sold < 0.", "units"),
        number("target_quantity", "Units to hold afterwards; short < 0.", "units"),
        number(
            "pct",
            "Change as a share of what is held: -0.5 halves, -1 closes.",
            "decimal",
        ),
        number(
            "notional",
            "Market value bought; sold < 0. Of an option what it costs.",
            "base currency",
        ),
    ),
)
TABLES = by_name(
    POSITIONS,
    INSTRUMENTS,
    PRICES,
    PRICES_SECOND,
    VOLUMES,
    FX,
    RATES,
    VOLS,
    HOLDINGS,
    LIMITS,
    INDICATORS,
    HEDGES,
)
