"""Candidate portfolios, what they earned, and the one in force."""

from trade_assets.schemas.columns import CONSTRUCTION, DATE, MODEL, SESSION, TICKER, TURNOVER, WEIGHT, Column, Table

SELECTION: dict[str, Table] = {
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
    "champion_model": Table(
        {
            "rebalance_date": DATE,
            "role": Column("text", "champion or challenger", isin=("champion", "challenger")),
            "model": MODEL,
            "construction": CONSTRUCTION,
            "score": Column("float64", "selection score; null where none was made", nullable=True),
            "reason": Column("text", "why this pair is in force"),
        },
        ("role",),
        may_be_empty=False,
    ),
}
