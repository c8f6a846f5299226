"""Who was in the index when, and in which sector, from a directory."""

from pathlib import Path

import pandas as pd

from trade_assets import schemas
from trade_assets.resources.market_data import table_files

ALIASES = {"start_date": "first_session", "end_date": "last_session", "gics_sector": "sector"}


def members(directory: Path) -> pd.DataFrame:
    """``membership.parquet`` or ``.csv`` with ``sectors.csv`` joined; empty where there is no list."""
    path = table_files.find(directory, "membership")
    if path is None:
        return schemas.RAW["membership"].empty()
    frame = table_files.read(path, "membership")
    needed = ["symbol", "first_session", "last_session"]
    frame = table_files.columns(frame, "membership", needed=needed, allowed=["sector"], aliases=ALIASES)
    rows = pd.DataFrame({"symbol": table_files.text(frame, "symbol")})
    for name in needed[1:]:
        rows[name] = table_files.days(frame, "membership", name)
    rows["sector"] = table_files.text(frame, "sector") if "sector" in frame else _sectors(directory, rows)
    _refuse_tangled(rows)
    return schemas.check("files source, membership", schemas.RAW["membership"], rows)


def _refuse_tangled(rows: pd.DataFrame) -> None:
    backwards = rows["last_session"] < rows["first_session"]
    table_files.refuse("membership", "last_session", "must not precede first_session", rows, backwards.to_numpy())
    ordered = rows.sort_values(["symbol", "first_session"], kind="stable")
    previous = ordered.groupby("symbol")["last_session"].shift()
    again = ordered["symbol"].eq(ordered["symbol"].shift())
    overlaps = again & ~(ordered["first_session"] > previous)
    rule = "must lie after the end of the symbol's stay before"
    table_files.refuse("membership", "first_session", rule, rows, overlaps.reindex(rows.index).to_numpy())


def _sectors(directory: Path, rows: pd.DataFrame) -> pd.Series:
    """Sector of each stay: the first one listed that was not over when the stay began, else the last."""
    path = table_files.find(directory, "sectors")
    if path is None:
        return pd.Series(None, index=rows.index, dtype="str")
    frame = table_files.read(path, "sectors").rename(columns=ALIASES)
    extra = [str(name) for name in frame if name not in ("symbol", "sector")]
    table_files.columns(frame, "sectors", needed=["symbol", "sector"], allowed=extra, aliases={})
    listed = pd.DataFrame({name: table_files.text(frame, name) for name in ("symbol", "sector")})
    if "last_seen" not in frame:
        table_files.refuse(
            "sectors",
            "symbol",
            "rows must be unique",
            listed,
            listed.duplicated("symbol", keep=False).to_numpy(),
        )
        return rows["symbol"].map(listed.set_index("symbol")["sector"])
    listed["last_seen"] = table_files.days(frame, "sectors", "last_seen")
    pairs = (
        rows[["symbol", "first_session"]]
        .reset_index()
        .merge(listed.sort_values("last_seen", kind="stable"), on="symbol")
    )
    pairs["over"] = pairs["last_seen"] < pairs["first_session"]
    running = pairs[~pairs["over"]].drop_duplicates("index").set_index("index")["sector"]
    last = pairs.drop_duplicates("index", keep="last").set_index("index")["sector"]
    return running.reindex(rows.index).fillna(last.reindex(rows.index))
