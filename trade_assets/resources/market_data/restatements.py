"""What a vendor says later about sessions that are sealed: kept and reported, never served."""

import pandas as pd

from trade_assets import schemas
from trade_assets.resources.files import Files
from trade_assets.resources.market_data.protocol import sessions_of
from trade_assets.resources.market_data.sealed_files import Log

COLUMNS = {
    "table": "table of the source",
    "session": "session the row belongs to",
    "symbol": "symbol",
    "row": "the rest of what identifies the row; empty for a daily bar",
    "column": "column whose value changed",
    "kind": "restated, added (a row that was not there) or withdrawn (one that is gone)",
    "sealed": "value that is served, as text; empty for none",
    "restated": "value the source gives now, as text; empty for none",
    "change_frac": "restated over sealed, minus one; null where either is no number",
}


def changes(table: str, sealed: pd.DataFrame, fresh: pd.DataFrame) -> pd.DataFrame:
    """One row a value in which ``fresh`` differs from ``sealed``, both tables of the source's schema."""
    key = schemas.RAW[table].key()
    same = pd.concat([sealed, fresh], ignore_index=True).duplicated(keep=False).to_numpy()
    old, new = _long(table, sealed[~same[: len(sealed)]], key), _long(table, fresh[~same[len(sealed) :]], key)
    both = old.merge(
        new,
        on=[*key, "column"],
        how="outer",
        suffixes=("_old", "_new"),
        indicator=True,
        validate="one_to_one",
    )
    differ = both[(both["_merge"] != "both") | (both["text_old"] != both["text_new"])].reset_index(drop=True)
    numbers = [pd.to_numeric(differ[name], errors="coerce") for name in ("text_old", "text_new")]
    rest = [name for name in key if name not in ("session", "symbol")]
    return pd.DataFrame(
        {
            "table": table,
            "session": sessions_of(table, differ).strftime("%Y-%m-%d") if len(differ) else pd.Series(dtype="str"),
            "symbol": differ["symbol"],
            "row": differ[rest].astype("str").agg(" ".join, axis=1) if rest and len(differ) else "",
            "column": differ["column"],
            "kind": differ["_merge"]
            .astype("str")
            .map({"both": "restated", "left_only": "withdrawn", "right_only": "added"}),
            "sealed": differ["text_old"].fillna(""),
            "restated": differ["text_new"].fillna(""),
            "change_frac": numbers[1] / numbers[0] - 1,
        }
    )


class Restatements:
    """The later vintages of one source, in the order they were seen."""

    def __init__(self, files: Files, directory: str) -> None:
        self._log = Log(files, directory)

    def record(self, report: pd.DataFrame | None, *, now: pd.Timestamp) -> pd.DataFrame:
        """Append ``report`` unless the same was the last thing seen of its rows; returns it."""
        empty = pd.DataFrame(columns=list(COLUMNS))
        if report is None or report.empty:
            return empty
        known = self._newest()
        rows = [
            dict(zip(COLUMNS, row, strict=False)) for row in report.drop(columns="change_frac").itertuples(index=False)
        ]
        new = [row for row in rows if known.get(_identity(row)) != row["restated"]]
        while new and not self._log.append({"seen_utc": now.isoformat(), "rows": new}):
            self._log.reload()
        return report

    def judge(self, decisions: int, *, now: pd.Timestamp) -> None:
        """Append how many decisions what was restated so far would change."""
        while not self._log.append({"seen_utc": now.isoformat(), "rows": [], "decisions": decisions}):
            self._log.reload()

    def news(self, after: pd.Timestamp | None, by: pd.Timestamp) -> tuple[int, int | None]:
        """Values seen to be restated in ``(after, by]``, and decisions they would change; None where nobody asked."""
        self._log.reload()
        seen = [(pd.Timestamp(entry["seen_utc"]), entry) for entry in self._log.entries]
        new = [entry for at, entry in seen if at <= by and (after is None or at > after)]
        judged = [entry["decisions"] for entry in new if "decisions" in entry]
        return sum(len(entry["rows"]) for entry in new), judged[-1] if judged else None

    def _newest(self) -> dict[tuple[str, ...], str]:
        self._log.reload()
        return {_identity(row): row["restated"] for entry in self._log.entries for row in entry["rows"]}


def _identity(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("table", "session", "symbol", "row", "column"))


def _long(table: str, frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    columns = [name for name in schemas.RAW[table].columns if name not in key]
    text = frame[key].assign(**{name: _text(frame[name]) for name in columns})
    return text.melt(key, columns, var_name="column", value_name="text").dropna(subset="text")


def _text(values: pd.Series) -> pd.Series:
    if not pd.api.types.is_float_dtype(values.dtype):
        return values.astype("object")
    return values.astype("object").where(values.isna(), values.map(repr)).where(values.notna())
