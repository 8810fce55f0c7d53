"""What the columns of replays, claims, scores by tier and of kept runs mean."""

from collections.abc import Mapping

PAST: Mapping[str, str] = {
    "episode": "Name of the dated stretch of history.",
    "session": "Weekdays since the first close.",
    "date": "Day of the session.",
    "sessions": "Weekdays from the first close of the episode to the last.",
    "covered_own": "Gross whose own closes say what the episode did to it, base "
    "currency.",
    "covered_loadings": "Gross of which today's loadings x the drivers' moves do.",
    "covered_table": "Gross of which the table of the episode does.",
    "covered_daily": "Gross whose move of every session is known: own closes, or what "
    "the drivers did. What a table covers goes there in a straight line, in logs.",
    "uncovered": "Gross of which nothing is known in the episode: not in the P&L.",
    "fx_source": "Where the move of the currency comes from: own (rates, or the base "
    "currency itself), loadings, assumed (held still), episode_table (within what it "
    "says of the instrument), unknown.",
    "local_move": "What the price did in the episode, own currency, simple; in base "
    "currency where fx_source is episode_table.",
    "fx_move": "What that currency did against the base currency, simple; NaN where it "
    "is unknown or within local_move.",
    "move": "Simple return of the driver's basket in USD: what it did in the episode "
    "or window, or the move that is looked at.",
    "followed": "Whether it had no closes there and followed the other drivers.",
    "members": "Members of the basket with closes on both ends of the episode.",
    "claim": "further: the tier's worst move from the first close is below memory's; "
    "sooner: it reached half of that worst, in logs, in fewer sessions. Medians over "
    "the names of the tier.",
    "episodes": "Episodes with a figure of the tier and of memory.",
    "for": "Episodes that speak for the claim.",
    "against": "Episodes that speak against it.",
    "neither": "Episodes in which both figures are equal.",
    "sentence": "The record in words, with the figures.",
    "tier_figure": "Median over its names: worst move (simple, USD) or sessions.",
    "memory_figure": "The same of the memory tier.",
    "speaks": "for, against or neither.",
    "own_names": "Of those names, how many are measured on the desk's own closes; the "
    "others are the shipped table's.",
    "assumed": "What the scenario assumes: overshoot (multiplier) or half-life "
    "(sessions).",
    "mean_predicted": "Mean predicted return over the names, simple.",
    "mean_realised": "Mean realised return over the names, simple.",
    "within_50": "Share that fell into the central band of 50 %.",
    "within_80": "Share that fell into that of 80 %.",
    "within_90": "Share that fell into that of 90 %.",
    "within_95": "Share that fell into that of 95 %.",
    "bias": "Mean log error in standard deviations of its prediction; < 0 where names "
    "fell further than predicted.",
    "spread": "Root of its mean square: above 1 the bands are too narrow, below 1 too "
    "wide.",
    "median_error": "Median absolute error of the simple return.",
    "median_no_move": "Median absolute error of the forecast that nothing moves.",
    "as_of": "Valuation date of the run.",
    "metric": "Headline figure of a run, as `stress:inventory_build`; of a limit what "
    "is limited, as `stress_loss`.",
    "value": "The figure, in its unit; NaN where the run has none, or it is unknown.",
    "run_id": "The run it comes from.",
    "why": "Why it goes.",
    "remark": "What the figure stands for.",
    "action": "What was done with it, or would be.",
    "bytes": "What it takes on disk.",
    "part": "What moved, in the stated order.",
    "before": "The figure of the earlier run, or before the trades.",
    "after": "The figure of the later run, or after the trades.",
    "change": "after - before.",
    "contribution": "What the part did to the figure, all parts before it done. Of a "
    "name: what the part did to the name's share of the figure.",
    "residual": "change less the sum of the contributions: 0.",
    "movers": "The names that the part did most to.",
    "file": "File of the run folder.",
    "state": "as_written, changed, missing, stranger, or differs from what is computed "
    "again.",
    "detail": "What differs.",
    "table": "Table of the database.",
    "rows": "Rows of the run in it.",
    "columns_added": "Columns that the table had lacked.",
}
