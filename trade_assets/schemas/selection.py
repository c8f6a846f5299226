"""Candidate portfolios, what they earned, what their scores were worth, and the candidate in force."""

from trade_assets.schemas.columns import CONSTRUCTION, DATE, MODEL, SESSION, TICKER, TURNOVER, WEIGHT, Column, Table
from trade_assets.schemas.tuning import PARAMETERS, TRIALS

SELECTION: dict[str, Table] = {
    "gate_trials": TRIALS,
    "learned_gate": PARAMETERS,
    "candidate_skill": Table(
        {
            "rebalance_date": DATE,
            "model": MODEL,
            "feature_date": Column("date", "rebalance date the scores are of"),
            "rank_ic": Column("float64", "Spearman correlation of score and return", nullable=True, ge=-1, le=1),
            "ic": Column("float64", "Pearson correlation of score and return", nullable=True, ge=-1, le=1),
            "top_return_frac": Column("float64", "mean return of the top set, before costs", nullable=True, ge=-1),
            "universe_return_frac": Column("float64", "mean return of all names", nullable=True, ge=-1),
            "n": Column("int64", "names scored whose return is known", ge=0),
        },
        ("model",),
    ),
    "candidate_portfolios": Table(
        {
            "rebalance_date": DATE,
            "model": MODEL,
            "construction": CONSTRUCTION,
            "symbol": TICKER,
            "weight": WEIGHT,
            "status": Column("text", "how the weights came about"),
        },
        ("model", "construction", "symbol"),
        may_be_empty=False,
    ),
    "candidate_returns": Table(
        {
            "rebalance_date": DATE,
            "model": MODEL,
            "construction": CONSTRUCTION,
            "session": SESSION,
            "return_frac": Column("float64", "daily return net of costs", ge=-1),
            "cost_frac": Column("float64", "costs as a share of the book", ge=0),
            "turnover_frac": TURNOVER,
        },
        ("model", "construction", "session"),
    ),
    "candidate_evidence": Table(
        {
            "rebalance_date": DATE,
            "model": MODEL,
            "construction": CONSTRUCTION,
            "metric": Column("text", "figure, see the glossary of the selection page"),
            "value": Column("float64", "its value over the window of the decision", nullable=True),
        },
        ("model", "construction", "metric"),
    ),
    "champion_model": Table(
        {
            "rebalance_date": DATE,
            "role": Column("text", "champion or challenger", isin=("champion", "challenger")),
            "model": MODEL,
            "construction": CONSTRUCTION,
            "status": Column("text", "whether it has qualified", isin=("unqualified", "qualified", "rolled_back")),
            "since": Column("date", "rebalance date from which it has been in this role"),
            "decision_date": Column("date", "last rebalance date that was decided on; null before", nullable=True),
            "score": Column("float64", "selection score at that decision; null where none was made", nullable=True),
            "n_rebalances": Column("int64", "rebalances of out-of-sample returns of the whole grid so far", ge=0),
            "looks": Column("text", "that number at every decision so far, a JSON list"),
            "alpha_spent": Column("float64", "share of the chance of a false promotion spent so far", ge=0, le=1),
            "reason": Column("text", "why this pair is in force"),
        },
        ("role",),
        may_be_empty=False,
    ),
}
