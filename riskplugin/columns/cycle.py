"""What the columns of the cycle monitor and of the data doctor mean."""

from collections.abc import Mapping

CYCLE: Mapping[str, str] = {
    "concern": "How much it matters: high, medium or low.",
    "effect_on": "Figure that the finding changes, where one can be measured.",
    "effect_before": "That figure as it is; NaN where it cannot be measured.",
    "effect_after": "The same after the repair.",
    "stress_scenario": "The desk's worst scenario with its data as they are.",
    "stress_before": "P&L of the desk in it as they are, base currency; NaN where no "
    "repair is suggested or stress_note says why.",
    "stress_after": "The same with the closes repaired: positions valued and the model "
    "fitted on them.",
    "stress_note": "Why the effect on the stress is not known; blank where it is.",
    "advice": "What to do.",
    "repair": "The repair as it would stand in desk.toml; blank if there is none.",
    "signal": "persistence, price_expectations, breadth or volume_backing.",
    "reading": "persistence: log distance of the memory basket to its mean of 200 "
    "sessions. price_expectations: change of memory prices over 63 sessions, simple. "
    "breadth: share of the theme above its mean of 50 sessions. volume_backing: traded "
    "value of tokens on rising over that on falling sessions. NaN where unknown.",
    "percentile": "Share of the signal's own past readings that it is not below.",
    "state": "The signal in a word; unknown where it has no data.",
    "evidence": "What it rests on, in words.",
    "phase": "expansion, late, rolling_over or reversal; unknown at the start.",
    "called": "Whether it is the phase that is called on the date.",
    "sessions_long": "Sessions that the phase stood, the last one included.",
    "memory_move": "Simple move of the memory basket meanwhile.",
    "memory_level": "Log level of the memory basket.",
    "fall": "Simple fall from peak to trough.",
    "warned": "First session of the first warning that stood at the peak or began "
    "after it; none if there was none.",
    "sessions_late": "Sessions from the peak to it; below 0 if it stood before.",
    "fall_before": "Simple move from the peak to the warning.",
    "fall_after": "Simple move from the warning to the trough.",
    "counted": "What is counted.",
    "of": "Out of how many.",
    "rate": "count / of.",
    "rate_low": "Lower end of Wilson's 80 % interval of the rate.",
    "rate_high": "Upper end of it.",
    "median_sessions_late": "Median of sessions_late.",
    "price_expectations": "Reading of that signal.",
    "persistence": "Reading of that signal.",
    "breadth": "Reading of that signal.",
    "volume_backing": "Reading of that signal.",
    "price_expectations_state": "State of that signal.",
    "persistence_state": "State of that signal.",
    "breadth_state": "State of that signal.",
    "volume_backing_state": "State of that signal.",
}
