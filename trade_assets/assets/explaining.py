"""The reasons of one session, put together from what the newest rebalance stored."""

from collections.abc import Callable, Mapping

import pandas as pd

from trade_assets import partitions, schemas
from trade_assets.domain.live import reasons as found

BELOW = 3  # stocks below the cut that are explained too


def reasons(
    session: pd.Timestamp,
    live_signals: pd.DataFrame,
    champion_model: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    text_of: Callable[[str], str],
    *,
    top_n: int,
) -> pd.DataFrame:
    """Rows of ``live_reasons`` of a session."""
    date = partitions.rebalance_at(session)
    champion = champion_model[(champion_model["rebalance_date"] == date) & (champion_model["role"] == "champion")]
    own = live_signals[(live_signals["session"] == session) & (live_signals["strategy"] == "stocks")]
    if not len(champion) or not len(own):
        return schemas.TABLES["live_reasons"].empty()
    wanted = own[own["target_weight"] > 0]
    below = own[(own["target_weight"] == 0) & (own["rank"] > 0)].sort_values("rank").head(BELOW)
    at_date = {name: rows[rows["rebalance_date"] == date] for name, rows in tables.items()}
    parts = [
        found.of_score([*wanted["symbol"], *below["symbol"]], champion["model"].iloc[0], text_of=text_of, **at_date)
    ]
    if champion["construction"].iloc[0] == "rank_decay":
        parts.append(found.of_rank_decay(own, top_n))
    return pd.concat(parts, ignore_index=True).assign(session=session)
