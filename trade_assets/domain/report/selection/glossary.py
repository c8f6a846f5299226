"""What the figures of the selection are called and what they mean."""

from trade_assets.domain.report import glossary
from trade_assets.domain.report.glossary import Metric

METRICS: dict[str, Metric] = {
    "score": Metric("Score", "ratio", "Weighted sum of Sharpe ratio, drawdown, Calmar ratio, turnover and regime consistency, each on a scale from 0 to 1."),
    "sharpe": glossary.METRICS["sharpe_ratio"],
    "total_return": glossary.METRICS["total_return"],
    "cagr": glossary.METRICS["cagr"],
    "volatility": glossary.METRICS["volatility"],
    "max_drawdown": glossary.METRICS["max_drawdown"],
    "calmar": glossary.METRICS["calmar"],
    "turnover": glossary.METRICS["turnover"],
    "information_ratio": Metric("Information ratio", "ratio", "Mean return in excess of the baseline over its sample standard deviation, by rebalance, times √25.2; where a book is shown session by session, by session, times √252."),
    "active_return": Metric("Excess a year", "frac", "Mean return of a rebalance in excess of the baseline, times 25.2."),
    "regime_consistency": Metric("Regime consistency", "ratio", "Worst Sharpe ratio of a regime over the best one's, within 0 and 1; 0 where their mean is not positive, 0.5 where fewer than two regimes have 60 sessions."),
    "deflated_sharpe": Metric("Deflated Sharpe ratio", "ratio", "Probability that the true ratio of the excess exceeds what luck gives the best of all trials."),
    "superiority_p": Metric("p against the baseline", "frac2", "How often the best of a family without skill looks this good, from one joint bootstrap of all candidates."),
}  # fmt: skip
TABLE = ("score", "sharpe", "cagr", "max_drawdown", "calmar", "turnover", "information_ratio", "deflated_sharpe", "superiority_p")  # fmt: skip
BOOK = ("total_return", "cagr", "volatility", "sharpe", "max_drawdown", "calmar", "information_ratio")

GATES: dict[str, tuple[str, str]] = {
    "Sharpe ratio": ("ratio", "≥"),
    "Maximum drawdown": ("frac", "≥"),
    "Calmar ratio": ("ratio", "≥"),
    "Turnover": ("frac", "≤"),
    "Test against the baseline, all candidates counted": ("frac2", "≤"),
    "Test against the one in force": ("frac2", "≤"),
    "Deflated Sharpe ratio": ("ratio", "≥"),
    "Probability that the one chosen loses": ("frac", "≤"),
    "Probability of backtest overfitting": ("frac", "≤"),
}

TERMS: dict[str, str] = {
    "Candidate, cell": "A model with a construction; the grid holds every model with every construction.",
    "Baseline": "All members of the universe in equal parts, at the same rates of cost.",
    "Look": "A decision at which a promotion was possible, whether or not one happened. Each look uses up some of the error probability that was fixed for all time.",
    "Level": "How small the p-value against the baseline must be at a look. It depends on the dates of the looks, not on what was seen.",
    "Luck": "The ratio that the best of so many worthless trials shows on average, given how far trials differ.",
    "Group": "Cells that earn so alike that they are one attempt; found by clustering.",
    "Probability of backtest overfitting": "Over 12,870 ways to cut the history in halves: how often the best of one half is no better than the median in the other.",
    "Degradation": "Slope of the chosen one's Sharpe ratio in the other half on the one it was chosen for; below 0, more promise meant less performance.",
    "Power": "Probability that a strategy that is truly good passes the test with a record this long.",
}
