"""Where approved orders go. None of these sends an order to a market: a person does, or the bars fill it."""

from collections.abc import Sequence
from typing import Protocol

import pandas as pd

from trade_assets.domain.live.entries import Entry
from trade_assets.resources.exports import Exports
from trade_assets.settings import Settings


class Broker(Protocol):
    """What takes approved orders.

    Attributes
    ----------
    is_paper : bool
        Whether the bars of the next session fill them.
    """

    is_paper: bool

    def send(self, session: pd.Timestamp, strategy: str, orders: Sequence[Entry]) -> str:
        """Take the orders of a session; returns what becomes of them, in a sentence."""
        ...


class PaperBroker:
    """Fills by the bars of the next session, at the costs of the backtest."""

    is_paper = True

    def send(self, session: pd.Timestamp, strategy: str, orders: Sequence[Entry]) -> str:
        """Nothing to do: the next session fills what the ledger holds."""
        return "The bars of the next session fill them."


class FileBroker:
    """Orders as a CSV file a person places; what was filled comes back by ``trade-assets record``."""

    is_paper = False

    def __init__(self, files: Exports) -> None:
        self._files = files

    def send(self, session: pd.Timestamp, strategy: str, orders: Sequence[Entry]) -> str:
        """Write ``<session>/orders_<strategy>.csv``: symbol, side, shares, last close, id."""
        rows = [
            (o.symbol, "BUY" if o.shares > 0 else "SELL", f"{abs(o.shares):.10g}", o.price_usd, o.id) for o in orders
        ]
        table = pd.DataFrame(rows, columns=["symbol", "side", "shares", "last_close", "order_id"])
        path = self._files.csv(f"{session:%Y-%m-%d}/orders_{strategy}.csv", table)
        return f"Place them: {path}. Then record what was filled with `trade-assets record`."


def build_broker(settings: Settings) -> Broker:
    """The broker the settings name."""
    return PaperBroker() if settings.live.broker == "paper" else FileBroker(Exports(settings.live.output_dir))
