"""Market forecasts from a file of one's own, in place of the models'."""

from pathlib import Path

import numpy as np
import pandas as pd

from trade_assets import schemas
from trade_assets.domain.gates import NO_FORECASTER

FROM_FILE = "file"


class SignalsFile:
    """A Parquet or CSV file with one row a session, known at its close; read when first asked for."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._rows: pd.DataFrame | None = None

    def of(self, sessions: pd.DataFrame) -> pd.DataFrame:
        """The file's rows of these sessions; null where it has none.

        Parameters
        ----------
        sessions : DataFrame
            ``rebalance_date, session``.

        Returns
        -------
        DataFrame
            ``rebalance_date, session, tft_p10, tft_p50, tft_p90, meta_prob_success, tft_source, quantiles_crossed``.

        Raises
        ------
        InvalidTableError
            If the file breaks the schema of the ``signals`` table.
        """
        rows = self._loaded()
        found = sessions[["rebalance_date", "session"]].merge(rows, on="session", how="left", validate="one_to_one")
        quantiles = ["tft_p10", "tft_p50", "tft_p90"]
        values = found[quantiles].to_numpy(dtype=float)
        crossed = np.asarray(np.any(values[:, 1:] < values[:, :-1], axis=1))
        found[quantiles] = np.where(crossed[:, None], np.sort(values, axis=1), values)
        began = found["session"] >= rows["session"].min()
        return found.assign(tft_source=np.where(began, FROM_FILE, NO_FORECASTER), quantiles_crossed=crossed)

    def _loaded(self) -> pd.DataFrame:
        if self._rows is None:
            if self._path is None or not self._path.is_file():
                raise FileNotFoundError(f"market_gate.file must name a file, was {str(self._path)!r}")
            read = pd.read_csv if self._path.suffix == ".csv" else pd.read_parquet
            raw = read(self._path).rename(columns={"date": "session"})
            table = schemas.RAW["signals"]
            kept = raw[[c for c in raw.columns if c in table.columns]]
            kept = kept.assign(
                session=pd.to_datetime(kept["session"]), **{c: float("nan") for c in table.columns if c not in kept}
            )
            self._rows = schemas.check(f"{self._path.name}, signals", table, kept)
        return self._rows
