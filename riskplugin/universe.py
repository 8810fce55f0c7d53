"""The universe: what each instrument is, and which tier it stands on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

UNCLASSIFIED = "unclassified"
NO_LINK = "none"


@dataclass(frozen=True, slots=True)
class Tier:
    """A rung of the AI-infrastructure chain and how it hangs on memory.

    `half_life_share` is the half-life of the tier's move on a path, as a share of the
    sessions that the move takes; None is a straight line. `volatility_slope` is how far
    the annual volatility rises per unit of a log fall, where a scenario links the two.
    """

    name: str
    link: str
    description: str = ""
    half_life_share: float | None = None
    volatility_slope: float = 0.0


@dataclass(frozen=True, slots=True)
class Instrument:
    """Something with a price.

    `multiplier` is units of the underlying a contract stands for; `half_spread` is
    half the bid-ask spread as a fraction of price, `maintenance_margin` the share of
    the notional below which the position is closed, both None where unknown;
    `volume_venue` is the venue whose volume counts, blank where none is chosen.

    Of options: `option_type` (call, put), `style` (european, american), `strike` in the
    currency of the price, `expiry` (ISO) and the underlying's `dividend_yield` a year,
    None where unknown. `leverage` is a leveraged ETF's a day. `funding_rate` is paid by
    longs every `funding_hours`.
    """

    instrument: str
    tier: str
    link: str
    asset_class: str
    kind: str
    currency: str
    name: str = ""
    calendar: str = ""
    aliases: tuple[str, ...] = ()
    multiplier: float = 1.0
    half_spread: float | None = None
    settlement: str = "linear"
    underlying: str = ""
    maintenance_margin: float | None = None
    volume_venue: str = ""
    leverage: float | None = None
    option_type: str = ""
    style: str = ""
    strike: float | None = None
    expiry: str = ""
    dividend_yield: float | None = None
    funding_rate: float | None = None
    funding_hours: float | None = None


def folded(name: str) -> str:
    """Return `name` as aliases are compared: case and runs of space don't count."""
    return " ".join(name.split()).casefold()


@dataclass(frozen=True, eq=False, slots=True)
class Universe:
    """Instruments by canonical identifier and tiers in display order.

    A name resolves to an identifier if it is one, or is an alias of just one.
    `spoilt` holds the names of rows of the desk's table that cannot be used, folded:
    what is held under them is not what ships, nor unknown.
    """

    instruments: Mapping[str, Instrument]
    tiers: tuple[Tier, ...]
    spoilt: frozenset[str] = frozenset()
    _names: Mapping[str, frozenset[str]] = field(init=False)

    def __post_init__(self) -> None:
        names: dict[str, set[str]] = {}
        for key, instrument in self.instruments.items():
            for alias in instrument.aliases:
                names.setdefault(folded(alias), set()).add(key)
        for key in self.instruments:
            names[folded(key)] = {key}
        frozen = {name: frozenset(keys) for name, keys in names.items()}
        object.__setattr__(self, "_names", frozen)

    def matches(self, name: str) -> frozenset[str]:
        """Return the identifiers that `name` may stand for: none, one or more."""
        return self._names.get(folded(name), frozenset())

    def resolve(self, name: str) -> str:
        """Return the canonical identifier of `name`; an unknown name is its own."""
        found = self.matches(name)
        return next(iter(found)) if len(found) == 1 else name.strip()

    def is_spoilt(self, name: str) -> bool:
        """Whether the desk's row for `name` cannot be used."""
        return not {folded(name), folded(self.resolve(name))}.isdisjoint(self.spoilt)

    def known_names(self) -> list[str]:
        """Return every identifier and alias."""
        aliases = (a for i in self.instruments.values() for a in i.aliases)
        return [*self.instruments, *aliases]

    def tier_names(self) -> tuple[str, ...]:
        """Return the tiers in display order."""
        return tuple(tier.name for tier in self.tiers)

    def extended(
        self, instruments: Iterable[Instrument], tiers: Iterable[Tier]
    ) -> "Universe":
        """Return this universe with `instruments` added or replaced by identifier.

        Tiers that are new are inserted before ``unclassified``.
        """
        table = dict(self.instruments)
        table.update({i.instrument: i for i in instruments})
        known = set(self.tier_names())
        new = [tier for tier in tiers if tier.name not in known]
        last = [tier for tier in self.tiers if tier.name == UNCLASSIFIED]
        first = [tier for tier in self.tiers if tier.name != UNCLASSIFIED]
        return Universe(table, (*first, *new, *last), self.spoilt)

    def with_half_lives(self, shares: Mapping[str, float]) -> "Universe":
        """Return this universe with the half-lives of some tiers replaced."""
        tiers = (
            replace(t, half_life_share=shares.get(t.name, t.half_life_share))
            for t in self.tiers
        )
        return replace(self, tiers=tuple(tiers))


def unclassified(instrument: str, base_currency: str) -> Instrument:
    """Return what is known of a held instrument that no table knows."""
    return Instrument(
        instrument=instrument,
        tier=UNCLASSIFIED,
        link=NO_LINK,
        asset_class=UNCLASSIFIED,
        kind="spot",
        currency=base_currency,
    )
