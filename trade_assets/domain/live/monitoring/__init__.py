"""What is watched: whether the scores still tell, whether the market differs, what the runner-up would have done."""

from dataclasses import dataclass

import pandas as pd

COLUMNS = ["session", "area", "name", "value", "n", "severity", "sentence"]
OK, WARN, ALARM = "ok", "warn", "alarm"


@dataclass(frozen=True)
class Reading:
    """One number that is watched.

    Attributes
    ----------
    area, name : str
        What it is about.
    value : float
        NaN where there is none yet.
    n : int
        Observations behind it.
    severity : str
        ``ok``, ``warn`` or ``alarm``.
    sentence : str
    """

    area: str
    name: str
    value: float
    n: int
    severity: str
    sentence: str


def table(readings: list[Reading], session: pd.Timestamp) -> pd.DataFrame:
    """Rows of ``monitoring``."""
    rows = [(session, r.area, r.name, r.value, r.n, r.severity, r.sentence) for r in readings]
    return pd.DataFrame(rows, columns=COLUMNS)
