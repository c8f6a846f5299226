"""A stand-in for the package yfinance: it knows what was traded, and tells it as Yahoo does on the day it is asked."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd

from trade_assets.domain import calendar

NEW_YORK = "America/New_York"


class YFException(Exception):
    """The root of the package's own errors."""


class YFRateLimitError(YFException):
    def __init__(self):
        super().__init__("Too Many Requests. Rate limited. Try after a while.")


class YFPricesMissingError(YFException):
    def __init__(self, symbol):
        super().__init__(f"${symbol}: possibly delisted; no price data found")


class DNSError(OSError):
    """The package's transport derives its errors from OSError as well."""


def trouble(kind: str, symbol: str) -> Exception:
    """What the package raises when the network or the vendor is in trouble."""
    return {
        "dns": DNSError("Could not resolve host"),
        "timeout": TimeoutError("timed out after 10 seconds"),
        "429": YFRateLimitError(),
        "500": json.JSONDecodeError("Expecting value", "<html>Internal Server Error</html>", 0),
        "500 with a reason": YFPricesMissingError(symbol),
        "another shape": KeyError("timestamp"),
    }[kind]


def traded(first: str, last: str, *, price: float = 100.0, splits=None, dividends=None) -> pd.DataFrame:
    """One symbol as it was traded: whole cents and shares, a walk of its own, with the actions given by day."""
    sessions = calendar.sessions_between(pd.Timestamp(first), pd.Timestamp(last))
    rng = np.random.default_rng(int(price * 100))
    split = pd.Series(1.0, sessions)
    cash = pd.Series(0.0, sessions)
    for day, ratio in (splits or {}).items():
        split[pd.Timestamp(day)] = ratio
    for day, amount in (dividends or {}).items():
        cash[pd.Timestamp(day)] = amount
    walk = price * np.exp(np.cumsum(rng.normal(0, 0.01, len(sessions)))) / np.cumprod(split)
    close = np.maximum(np.round(walk, 2), 0.01)
    frame = pd.DataFrame({"open": close, "high": np.round(close * 1.01, 2), "low": close, "close": close})
    return frame.assign(volume=rng.integers(1, 10**8, len(frame)).astype(float), split_ratio=split, dividend=cash)


def told(truth: pd.DataFrame, now: pd.Timestamp, start: str) -> pd.DataFrame:
    """``truth`` from ``start`` as Yahoo tells it at ``now``: all of it in today's shares, and today's unfinished row."""
    known = truth[truth.index <= now.tz_convert(NEW_YORK).tz_localize(None).normalize()]
    ratios = known["split_ratio"].to_numpy()
    later = np.append(np.cumprod(ratios[::-1])[::-1][1:], 1.0)[: len(ratios)]
    names = {"open": "Open", "high": "High", "low": "Low", "close": "Close"}
    prices = known[list(names)].rename(columns=names).div(later, axis=0).round(6).astype("float32").astype(float)
    answer = prices.assign(
        **{"Adj Close": prices["Close"] * 0.97},
        Volume=np.rint(known["volume"].to_numpy() / (1 / later)).astype("int64"),
        Dividends=(known["dividend"] / later).round(6),
        **{"Stock Splits": known["split_ratio"].where(known["split_ratio"] != 1, 0.0)},
    )
    answer.index = answer.index.tz_localize(NEW_YORK).rename("Date")
    return answer[answer.index >= pd.Timestamp(start, tz=NEW_YORK)]


class FakeYahoo:
    """A market with a clock that a test sets; ``broken`` maps a symbol to its troubles, told one a try.

    Like the package it keeps a symbol's trouble, and tells it again, until it is made to forget.
    """

    def __init__(self, market: dict[str, pd.DataFrame], now: str) -> None:
        self.market, self.now = dict(market), pd.Timestamp(now, tz="UTC")
        self.broken: dict[str, list[str]] = {}
        self.edit = lambda symbol, answer: answer
        self.asked: list[str] = []
        self.slept: list[float] = []
        self.exceptions = SimpleNamespace(YFException=YFException)
        self.config = SimpleNamespace(debug=SimpleNamespace(hide_exceptions=True))
        self._kept: dict[str, Exception] = {}
        self.data = SimpleNamespace(YfData=SimpleNamespace(cache_get=SimpleNamespace(cache_clear=self._kept.clear)))

    def clock(self) -> pd.Timestamp:
        """The instant now."""
        return self.now

    def Ticker(self, symbol: str) -> SimpleNamespace:
        """One symbol."""
        return SimpleNamespace(history=lambda **options: self._history(symbol, **options))

    def _history(self, symbol: str, *, start: str, end: str, **options) -> pd.DataFrame:
        self.asked.append(symbol)
        wanted = {"interval": "1d", "auto_adjust": False, "back_adjust": False, "actions": True, "raise_errors": True}
        assert options == wanted
        assert pd.Timestamp(end, tz="UTC") > self.now, "a range in the past is answered from a cache, errors too"
        if symbol not in self._kept and (troubles := self.broken.get(symbol)):
            self._kept[symbol] = trouble(troubles.pop(0), symbol)
        if symbol in self._kept:
            raise self._kept[symbol]
        if symbol not in self.market:
            raise YFPricesMissingError(symbol)
        return self.edit(symbol, told(self.market[symbol], self.now, start))
