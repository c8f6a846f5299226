"""The golden run: what the small history gives, as statistics with tolerances in a reviewed file.

A number that moves on purpose is changed in ``golden_run.yaml`` and named under "Results changed" in the changelog.
"""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from trade_assets_tests.scenarios import system

GOLDEN = yaml.safe_load(Path(__file__).with_name("golden_run.yaml").read_text())


def stored(asset, keys):
    return system.TableStore(system.base()).read(asset, keys)[0]


def compounded(returns):
    return float((1 + returns).prod() - 1)


def market(keys):
    signals, forecasts = stored("market_signals", keys), stored("market_forecasts", keys)
    return {
        "market: sessions": len(signals),
        "market: forecasts made": int(forecasts["tft_p50"].notna().sum()),
        "market: mean median forecast": forecasts["tft_p50"].mean(),
        "market: mean odds": signals["meta_prob_success"].mean(),
        "market: mean exposure": signals["exposure_scalar"].mean(),
    }


def stocks(keys):
    skill = stored("candidate_skill", keys).groupby("model")["rank_ic"].mean().dropna()
    manifest = stored("stock_fold_manifest", keys[-1:])
    return {
        "stocks: mean of all features": float(stored("stock_features", keys).iloc[:, 2:].stack().mean()),
        "stocks: training rows of the last fit": int(manifest.loc[manifest["fold"] == "final", "n_train_rows"].iloc[0]),
        **{f"stocks: rank IC of {model}": value for model, value in skill.items()},
    }


def selection(keys):
    returns = stored("candidate_returns", keys)
    sharpe = returns.groupby(["model", "construction"])["return_frac"].agg(lambda r: r.mean() / r.std() * 252**0.5)
    champion = stored("champion_model", keys[-1:]).set_index("role")
    status = stored("candidate_portfolios", keys[-1:]).drop_duplicates(["model", "construction"])["status"]
    return {
        "selection: cells": len(sharpe),
        "selection: best Sharpe ratio": sharpe.max(),
        "selection: median Sharpe ratio": sharpe.median(),
        "selection: cells that fell back": int((~status.str.match("ok|skipped")).sum()),
        "selection: score of the champion": champion.at["champion", "score"],
        "selection: error spent": champion.at["champion", "alpha_spent"],
    }


def portfolio(keys):
    returns, trades = stored("portfolio_returns", keys), stored("trades", keys)
    book = stored("portfolio_book", keys)
    return {
        "portfolio: total return": compounded(returns["return_frac"]),
        "portfolio: of equal weight": compounded(returns["equal_weight_return_frac"]),
        "portfolio: volatility of a session": returns["return_frac"].std(),
        "portfolio: turnover of all fills": returns["turnover_frac"].sum(),
        "portfolio: costs in USD": book["cost_usd"].sum(),
        "portfolio: orders": int((trades["delta_weight"] != 0).sum()),
    }


def events(keys):
    outcomes, scores, book = (stored(name, keys) for name in ("event_outcomes", "event_scores", "event_book"))
    daily = book.drop_duplicates("session")
    return {
        "events: found": len(stored("events", keys)),
        "events: ended at the profit": (outcomes["barrier"] == "profit").mean(),
        "events: mean net return": outcomes["net_logret"].mean(),
        "events: mean probability": scores["p"].mean(),
        "events: entries": int(book["n_entries"].sum()),
        "events: return of the book": compounded(daily["book_return_frac"]),
    }


def allocator(keys):
    allocation, dataset = stored("allocation", keys), stored("allocator_dataset", keys)
    return {
        "allocator: mean QQQ": allocation["w_qqq"].mean(),
        "allocator: mean SPY": allocation["w_spy"].mean(),
        "allocator: mean cash": allocation["cash"].mean(),
        "allocator: labels": len(dataset),
    }


@pytest.fixture(scope="module")
def found(history):
    return {
        name: float(value)
        for of in (market, stocks, selection, portfolio, events, allocator)
        for name, value in of(history).items()
    }


@pytest.mark.reliability("9")
def test_the_run_gives_the_reviewed_statistics(found, figure):
    assert set(found) == set(GOLDEN)
    told = pd.DataFrame(GOLDEN).T.assign(found=found)
    off = told[~((told["found"] - told["value"]).abs() <= told["within"])]
    assert off.empty, f"moved; if on purpose, change golden_run.yaml and name it under Results changed:\n{off}"
    figure(f"{len(GOLDEN)} statistics within their tolerances")
