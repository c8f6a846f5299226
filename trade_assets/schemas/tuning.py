"""What a search leaves behind: its trials, and the parameters in force."""

from trade_assets.schemas.columns import DATE, Column, Table

PARAMETERS = Table(
    {
        "rebalance_date": DATE,
        "study": Column("text", "what was searched"),
        "parameter": Column("text", "setting it stands for"),
        "value": Column("float64", "value in force after this date"),
        "source": Column("text", "where the value comes from", isin=("settings", "search")),
        "search_date": Column("date", "rebalance date of the search; null before the first", nullable=True),
    },
    ("study", "parameter"),
    may_be_empty=False,
)

TRIALS = Table(
    {
        "rebalance_date": DATE,
        "study": Column("text", "what was searched"),
        "trial": Column("int64", "number of the trial, from 0", ge=0),
        "block": Column("date", "rebalance date that ends the block"),
        "return_frac": Column("float64", "return of the trial's book in the block, inner tests only", ge=-1),
        "n_trades": Column("int64", "entries in the block", ge=0),
        "value": Column("float64", "objective of the whole trial"),
        "parameters": Column("text", "what was tried, a JSON object"),
    },
    ("study", "trial", "block"),
)
