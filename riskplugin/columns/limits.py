"""What the columns of limits mean."""

from collections.abc import Mapping

LIMITED: Mapping[str, str] = {
    "unit": "Unit of value, soft, hard and headroom: base (base currency), nav (share "
    "of the NAV of the scope's book, else of all books), days or ratio.",
    "direction": "max where the value must stay below the levels, min where above.",
    "soft": "Level beyond which the limit warns, in its unit; reached is not passed.",
    "hard": "Level beyond which the limit is broken, in its unit.",
    "limit": "Which level of the limit the loss is: soft or hard; where the desk "
    "limits no loss of its own, the share of NAV or of gross that it is.",
    "headroom": "What is left to the hard level, in the unit of the limit: hard - "
    "value of a max, value - hard of a min; below 0 beyond it.",
    "headroom_money": "headroom in base currency; NaN of days and of ratios that are "
    "no share of NAV.",
    "utilisation": "1 - headroom / |hard|: 1 at the hard level, above 1 beyond it; "
    "NaN where hard is 0.",
    "status": "OK, WARN (beyond soft), BREACH (beyond hard), or UNKNOWN: something "
    "that the value needs is missing. UNKNOWN is not OK.",
    "waived": "Whether it is a breach that is waived on that date.",
    "drivers": "The largest contributors to the value, with their figures.",
    "since": "First night of the unbroken row of nights with the same status, by the "
    "store; blank without one.",
    "waiver_until": "Last day of the waiver; blank if there is none.",
}
