"""What the figures of the allocator are called and what they mean."""

from trade_assets.domain.report import glossary
from trade_assets.domain.report.events.glossary import METRICS as EVENTS
from trade_assets.domain.report.glossary import Metric

METRICS: dict[str, Metric] = {
    **{name: glossary.METRICS[name] for name in ("total_return", "cagr", "max_drawdown")},
    "calmar": EVENTS["calmar"],
    "sharpe_ratio": glossary.METRICS["sharpe_ratio"],
    "volatility": glossary.METRICS["volatility"],
    "avg_monthly_return": Metric(
        "Mean return a month", "frac3", "Total return over the months; a month is 21 sessions. Not compounded."
    ),
    "negative_fold_rate": Metric("Losing windows", "frac", "Share of the rebalance windows that lost."),
    "expected_shortfall": Metric("Expected shortfall 5%", "frac2", "Mean of the worst 5% of daily returns."),
    "worst_session": Metric("Worst session", "frac2", "Lowest return of a session."),
    "turnover_monthly": Metric(
        "Turnover a month",
        "frac",
        "Half the sum of absolute weight changes of the fills, cash included, over the months. The other books have none of "
        "their own here.",
    ),
    "cost": Metric("Allocator's own costs", "frac2", "Costs of the fills, share of the book, summed."),
}
SINCE = ("total_return", "cagr", "max_drawdown", "calmar", "sharpe_ratio", "volatility", "avg_monthly_return", "negative_fold_rate", "turnover_monthly", "cost")  # fmt: skip
YEAR = ("total_return", "cagr", "max_drawdown", "calmar", "sharpe_ratio", "volatility", "avg_monthly_return", "expected_shortfall", "worst_session", "turnover_monthly")  # fmt: skip

GATES: dict[str, tuple[str, str]] = {
    "Sessions out of sample": ("count", "≥"),
    "Monthly profit against the engine": ("frac3", ">"),
    "Calmar ratio against the engine": ("ratio3", ">"),
    "Drawdown against the engine": ("frac", "≤"),
    "Turnover": ("frac", "≤"),
    "Drawdown cap": ("frac", "≤"),
    "Losing windows": ("frac0", "≤"),
    "Lower quartile of the years": ("frac0", "≤"),
    "Response to risk": ("frac0", "≤"),
}

TERMS: dict[str, str] = {
    "Sleeve": "What the event engine runs on one index, with its own capital. The allocator decides how much capital; the engine decides what the sleeve does with it.",
    "Mix": "Share of the QQQ sleeve in what is invested; the rest of it is in the SPY sleeve.",
    "Gross": "Share of the book that is given to the sleeves; the rest is cash.",
    "Utility": "Return of a weight over the horizon, less a price on its drawdown and on the cost of getting there.",
    "Base rate": "The model that looks at nothing: how often each weight was best over the training sessions.",
    "Loss": "How far what a model says of the weights lies from how good they turned out, by cross-entropy (by squared error where the weight itself is learned); lower is better.",
    "Blend": "The models' probabilities, weighed by how well each did on the inner tests; models no better than the base rate get no more than its weight.",
    "Window": "The sessions from one rebalance to the next, each decided by a model fitted before it.",
}

RISKS = {
    "volatility_21": "volatility of the last month",
    "downside_63": "downside of the last quarter",
    "max_drawdown_63": "largest fall of the last quarter",
}


def risk(name: str) -> str:
    """A risk feature in words."""
    role, _, what = name.partition("_")
    return f"{role.upper()} sleeve: {RISKS.get(what, what.replace('_', ' '))}"
