"""What the figures of the event engine are called and what they mean."""

from trade_assets.domain.report import glossary
from trade_assets.domain.report.glossary import Metric

METRICS: dict[str, Metric] = {
    **{name: glossary.METRICS[name] for name in ("total_return", "cagr", "volatility", "sharpe_ratio", "max_drawdown")},
    "calmar": Metric("Calmar ratio", "ratio", "CAGR over the size of the maximum drawdown, the latter at least 1 %."),
    "avg_monthly_usd": Metric(
        "Mean gain a month",
        "usd2",
        "Total return times the capital over the months; a month is 21 sessions. Gains are not compounded.",
    ),
    "n_trades": Metric("Trades", "count", "Positions opened, over all legs."),
    "trades_per_month": Metric("Trades a month", "ratio", "Positions opened, over all legs, by months of 21 sessions."),
    "net_bps_mean": Metric(
        "Net bps a trade", "bps", "Mean log return of a position from fill to exit less the modelled round trip."
    ),
    "turnover": Metric(
        "Turnover, times capital", "ratio", "Value bought and sold over the capital of the leg, mean over legs, summed."
    ),
    "cost": Metric("Costs", "frac", "Costs of the fills over the capital of the leg, mean over legs, summed."),
}

TERMS: dict[str, str] = {
    "Event": "A bar at which a leg has moved by more than a multiple of its volatility since the last one (symmetric CUSUM filter).",
    "Barriers": "Profit and loss levels around the fill and a time limit; the first one touched ends the trade (triple barrier).",
    "Baseline": "The mock: a linear score above a threshold tuned on the inner folds, the same events and costs, no risk engine. The acceptance gate compares with it.",
    "Edge": "Mean net log return of events in basis points, whether or not they were traded.",
    "95 % interval": "From the spread of the means of calendar months, not of single events: events of a month overlap.",
    "Hurdle": "k round-trip costs, more where the entry lies overnight; the expected value of an event must exceed it.",
    "Brier score": "Mean squared distance of probability and outcome; lower is better, always saying 50 % gives 0.25.",
    "Calibration error": "Mean distance of probability and frequency over ten bins of equal width, weighed by events (ECE).",
    "Conformal band": "The 10 % to 90 % quantile forecast, widened or narrowed by how past outcomes fell.",
    "Catastrophic fold": "One that fell by twice the drawdown cap, traded more than its capital and three times the usual fold of the year before, or gave five or more events the same probability.",
}
