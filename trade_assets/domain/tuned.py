"""Parameters a search has found: its trials as rows, and the values in force after each rebalance."""

import json
from collections.abc import Mapping

import pandas as pd

from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.search import Trial


def trial_rows(date: pd.Timestamp, study: str, trial: Trial) -> pd.DataFrame:
    """Rows of a table of trials for one trial: one a block, with what its book returned there."""
    return pd.DataFrame(
        {
            "rebalance_date": date,
            "study": study,
            "trial": trial.number,
            "block": pd.DatetimeIndex(trial.kept["dates"]).as_unit("us"),
            "return_frac": trial.kept["returns"],
            "n_trades": trial.kept["entries"],
            "value": trial.value,
            "parameters": json.dumps(dict(trial.parameters), sort_keys=True),
        }
    )


def in_force_table(
    trials: pd.DataFrame, previous: pd.DataFrame, own: Mapping[str, float], dates: Rebalances, *, study: str
) -> pd.DataFrame:
    """Rows of a table of parameters: of each date the best trial of the last search, or ``own`` before the first.

    Parameters
    ----------
    trials : DataFrame
        Trials of the searches of these dates; of equal values the first trial is taken.
    previous : DataFrame
        The table's rows at the rebalance before ``dates``.
    own : mapping
        Values of the settings.
    dates : Rebalances
    study : str
    """
    settings_rows = pd.DataFrame(
        {"study": study, "parameter": list(own), "value": list(own.values()), "source": "settings"}
    )
    now = (
        previous
        if len(previous)
        else settings_rows.assign(search_date=pd.Series(pd.NaT, range(len(own)), "datetime64[us]"))
    )
    searched, parts = dict(tuple(trials[trials["study"] == study].groupby("rebalance_date"))), []
    for date in dates.dates:
        if date in searched:
            rows = searched[date].sort_values(["value", "trial"], ascending=[False, True])
            values = json.loads(rows["parameters"].iloc[0])
            now = pd.DataFrame(
                {
                    "study": study,
                    "parameter": list(values),
                    "value": [float(v) for v in values.values()],
                    "source": "search",
                    "search_date": date,
                }
            )
        parts.append(now.assign(rebalance_date=date))
    return pd.concat(parts, ignore_index=True)


def values_at(tuned: pd.DataFrame, date: pd.Timestamp, *, study: str) -> dict[str, float]:
    """The values of a study in force after rebalance ``date``."""
    rows = tuned[(tuned["rebalance_date"] == date) & (tuned["study"] == study)]
    return dict(zip(rows["parameter"], rows["value"], strict=True))
