"""The days on which exchanges were open, from `exchange_calendars`."""

from copy import copy
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING
from warnings import catch_warnings, simplefilter

from pandas import Timestamp
from pandas.tseries.holiday import AbstractHolidayCalendar, Holiday

from riskplugin._typing import Dates

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar


@cache
def sessions_listed(calendar: str, first: int, last: int) -> Dates | None:
    """Return an exchange's sessions from one year to another, None if not known."""
    import exchange_calendars  # noqa: PLC0415 - optional, and slow to import

    with catch_warnings():
        simplefilter("ignore")  # of the library's own use of pandas
        try:
            known = calendar_of(exchange_calendars.resolve_alias(calendar), first, last)
        except (
            exchange_calendars.errors.CalendarError,
            NotImplementedError,  # of holidays that its pandas does not know
            ValueError,
        ):
            return None
    listed: Dates = known.sessions.to_numpy().astype("datetime64[D]")
    return listed


def calendar_of(name: str, first: int, last: int) -> "ExchangeCalendar":
    """Return an exchange's calendar from one year to another.

    The library works out the holidays of 1970 to 2200 for any calendar, which takes
    seconds where they follow the moon. Here they are those of the years asked for, and
    of one more on either side, so that a holiday moved over a year's end is in.
    """
    import exchange_calendars  # noqa: PLC0415 - optional, and slow to import

    start, end = f"{first}-01-01", f"{last}-12-31"
    whole = class_of(name)
    if whole is None:
        return exchange_calendars.get_calendar(name, start=start, end=end)
    years = f"{first - 1}-01-01", f"{last + 1}-12-31"

    class Part(whole):  # type: ignore[misc, valid-type]
        @property
        def regular_holidays(self) -> AbstractHolidayCalendar | None:
            rules = super().regular_holidays
            return None if rules is None else HolidaysOfYears(rules, *years)

    return Part(start=start, end=end)


def class_of(name: str) -> "type[ExchangeCalendar] | None":
    """Return the library's class of a calendar, None if it is not where most are."""
    try:
        module = import_module(f"exchange_calendars.exchange_calendar_{name.lower()}")
    except ModuleNotFoundError:
        return None
    return getattr(module, f"{name}ExchangeCalendar", None)


class HolidaysOfYears(AbstractHolidayCalendar):
    """The rules of a calendar of holidays; some years where none are named."""

    def __init__(self, whole: AbstractHolidayCalendar, start: str, end: str) -> None:
        super().__init__(rules=[begun_at(rule, start) for rule in whole.rules])
        self.years = start, end

    def holidays(self, start=None, end=None, return_name=False):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, FBT002
        """Return the holidays between two dates, by default those of the years."""
        first, last = self.years
        return super().holidays(start or first, end or last, return_name)


def begun_at(rule: Holiday, start: str) -> Holiday:
    """Return the rule of a holiday without what it says of days before `start`.

    A rule with a first date of its own is worked out from there, whatever is asked.
    """
    first = Timestamp(start)
    if rule.start_date is None or rule.start_date >= first:
        return rule
    later = copy(rule)
    later.start_date = first
    return later
