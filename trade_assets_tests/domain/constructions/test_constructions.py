"""What every construction must do: be whole, keep within the caps, and depend on nothing it should not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.constructions import CONSTRUCTIONS, candidates, portfolio, table
from trade_assets.domain.constructions.shortlist import size
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.domain.constructions.offers import daily, limits, offers
from trade_assets_tests.generators import SEEDS

every = pytest.mark.parametrize("name", CONSTRUCTIONS)


def build(name, offer):
    return portfolio(CONSTRUCTIONS[name], offer["scores"], offer["sector"], **{
        key: value for key, value in offer.items() if key not in ("scores", "sector")})  # fmt: skip


def market(seed, n, sessions=260):
    """An offer of n names with distinct scores, all returns known, ranked worst first."""
    symbols = pd.Index([f"S{i:03d}" for i in range(n)], dtype="str")
    return {
        "scores": pd.Series(np.linspace(-0.02, 0.03, n), index=symbols),
        "sector": pd.Series(["Energy", "Health", "Tech", "Banks", None] * n, dtype="str")[:n].set_axis(symbols),
        "barred": set(),
        "limits": limits(),
        "returns": pd.DataFrame(daily(seed, sessions, n), columns=symbols),
        "information_coefficient": 0.03,
        "held": None,
    }


@every
@given(offer=offers())
def test_every_construction_is_whole_and_within_the_caps(name, offer):
    rows = build(name, offer)
    stocks = rows[rows["symbol"] != "CASH"].set_index("symbol")["weight"]
    assert rows["weight"].sum() == pytest.approx(1, abs=1e-9)
    assert (rows["weight"] >= 0).all()
    assert (stocks > 0).all()
    assert rows["symbol"].is_unique
    assert (rows["symbol"] == "CASH").sum() == 1
    own, bounds = offer["scores"], offer["limits"]
    assert set(stocks.index) <= set(own.dropna().index) - offer["barred"]
    assert len(stocks) <= max(
        bounds.top_n, len(offer["held"]) if offer["held"] is not None else 0, size(len(own), bounds)
    )
    sector = offer["sector"].reindex(stocks.index)
    caps = {"max_weight": bounds.max_weight, "max_sector_weight": bounds.max_sector_weight}
    assert reference.caps_hold(stocks, sector, **caps)


@every
@given(offer=offers(), shuffle=SEEDS)
def test_the_order_and_the_layout_of_what_is_offered_change_no_byte(name, offer, shuffle):
    mixed = offer | {
        "scores": offer["scores"].sample(frac=1, random_state=shuffle),
        "sector": offer["sector"].sample(frac=1, random_state=shuffle),
        "held": None if offer["held"] is None else offer["held"].sort_index(),
    }
    offer = offer | {"held": mixed["held"]}
    if offer["returns"] is not None:
        columns = offer["returns"].sample(frac=1, axis=1, random_state=shuffle)
        mixed["returns"] = pd.DataFrame(np.asfortranarray(columns.to_numpy()), columns=columns.columns)
    assert_same_bytes(build(name, offer), build(name, mixed))


@every
@given(seed=SEEDS, power=st.integers(-20, 20), n=st.integers(2, 30))
def test_the_unit_of_a_price_changes_no_byte(name, seed, power, n):
    offer = market(seed, n)
    close = 50 * np.cumprod(1 + daily(seed, 261, n), axis=0)
    scaled = close.copy()
    scaled[:, seed % n] *= 2.0**power
    for_units = [
        build(name, offer | {"returns": pd.DataFrame(c[1:] / c[:-1] - 1, columns=offer["scores"].index)})
        for c in (close, scaled)
    ]
    assert_same_bytes(*for_units)


@every
@given(seed=SEEDS, n=st.integers(30, 60))
def test_names_below_the_shortlist_change_no_byte(name, seed, n):
    offer = market(seed, n)
    outside = offer["scores"].index[: n - size(n, offer["limits"])]
    other = {f: offer[f].copy() for f in ("scores", "sector", "returns")}
    other["scores"][outside] -= np.random.default_rng(seed).uniform(0, 1, len(outside))
    other["sector"][outside] = "Elsewhere"
    other["returns"][outside] = np.nan
    renamed = {symbol: f"X{symbol}" for symbol in outside}
    other = {
        "scores": other["scores"].rename(renamed),
        "sector": other["sector"].rename(renamed),
        "returns": other["returns"].rename(columns=renamed),
    }
    assert_same_bytes(build(name, offer), build(name, offer | other))


@every
def test_a_date_does_not_depend_on_what_was_computed_before(name):
    offer = market(1, 40) | {"held": pd.Series({"S001": 0.3, "S030": 0.2, "S035": 0.4})}
    alone = build(name, offer)
    for seed in range(5):
        build(name, market(seed, 25))
    assert_same_bytes(alone, build(name, offer))


@every
@given(seed=SEEDS, sessions=st.integers(0, 40))
def test_returns_before_the_window_change_no_byte(name, seed, sessions):
    offer = market(seed, 24, sessions=252)
    older = pd.DataFrame(daily(seed + 1, sessions, 24), columns=offer["returns"].columns)
    longer = pd.concat([older, offer["returns"]], ignore_index=True)
    assert_same_bytes(build(name, offer), build(name, offer | {"returns": longer}))


@every
@given(offer=offers(min_size=1))
def test_nothing_that_is_given_is_changed(name, offer):
    before = {key: offer[key].copy() for key in ("scores", "sector", "returns", "held") if offer[key] is not None}
    build(name, offer)
    for key, value in before.items():
        assert_same_bytes(offer[key], value)


@every
def test_candidates_sorted_once_serve_all_constructions(name):
    offer = market(3, 30)
    shared = {key: offer[key] for key in ("barred", "returns", "information_coefficient")}
    found = candidates(offer["scores"], offer["sector"], **shared)
    held = pd.Series({"S001": 0.4, "S029": 0.1})
    own = table(CONSTRUCTIONS[name], replace(found, held=held), offer["limits"])
    assert_same_bytes(own, build(name, offer | {"held": held}))


@pytest.mark.parametrize(
    ("offered", "top_k", "max_weight", "expected"),
    [(500, 20, 0.15, 20), (20, 20, 0.15, 10), (21, 20, 0.15, 11), (10, 20, 0.15, 7), (5, 20, 0.15, 5), (1, 20, 0.15, 1),
     (500, 5, 0.15, 7), (40, 20, 0.05, 20), (40, 10, 0.1, 10)],
)  # fmt: skip
def test_half_of_the_names_are_enough_unless_the_cap_needs_more(offered, top_k, max_weight, expected):
    assert size(offered, limits(top_k=top_k, max_weight=max_weight)) == expected


def test_equal_weights_are_equal_and_inverse_volatilities_inverse():
    offer = market(5, 40) | {"limits": limits(max_sector_weight=1.0)}
    assert build("equal_weight", offer)["weight"][:-1].tolist() == pytest.approx([0.05] * 20)
    rows = build("inverse_vol", offer)[:-1]
    volatility = offer["returns"].iloc[-252:][rows["symbol"]].std(ddof=0).to_numpy()
    assert np.ptp(rows["weight"].to_numpy() * volatility) == pytest.approx(0, abs=1e-12)
