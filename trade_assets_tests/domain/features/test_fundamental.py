"""Fact features: by symbol, null where nothing was filed, the same whatever order the filings come in."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import features, point_in_time
from trade_assets.domain.features import fundamental
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS, SYMBOLS, filed_facts

CLOSE = pd.Timestamp("2017-06-30 20:00", tz="UTC")


def figures(facts, symbols=SYMBOLS, price=20.0):
    known = point_in_time.known_facts(facts, close_utc=CLOSE)
    return fundamental.reported(known, symbols=pd.Index(symbols), close=np.full(len(symbols), price), close_utc=CLOSE)


def filed(**facts):
    """One figure a fact of one symbol, of the year that ended in 2016."""
    rows = [
        ("AAA", fact, pd.Timestamp("2016-12-31"), "FY", pd.Timestamp("2017-03-01", tz="UTC"), value, "filed")
        for fact, value in facts.items()
    ]
    return pd.DataFrame(
        rows,
        columns=["symbol", "fact", "period_end", "period_focus", "available_utc", "value", "availability"],
    )


@FEW
@given(seed=SEEDS, shuffle=SEEDS, order=st.permutations(SYMBOLS))
def test_the_order_of_filings_and_symbols_changes_no_byte_of_any_feature(seed, shuffle, order):
    facts = filed_facts(seed, symbols=4)
    plain, mixed = figures(facts), figures(facts.sample(frac=1, random_state=shuffle), order)
    for feature in features.FACT_FEATURES.values():
        in_order = pd.Series(feature(mixed), index=list(order)).reindex(list(SYMBOLS))
        assert_same_bytes(feature(plain), in_order.to_numpy())


@FEW
@given(seed=SEEDS)
def test_other_companies_change_no_byte_of_any_feature(seed):
    facts = filed_facts(seed, symbols=4)
    together, alone = figures(facts), figures(facts[facts["symbol"] == "BBB"], ["BBB"])
    for feature in features.FACT_FEATURES.values():
        assert_same_bytes(feature(together)[1:2], feature(alone))


@pytest.mark.parametrize("name", features.FACT_FEATURES)
def test_without_a_filing_every_feature_is_null(name):
    values = features.FACT_FEATURES[name](figures(filed_facts(1, symbols=1).iloc[:0]))
    assert values.shape == (len(SYMBOLS),)
    assert np.isnan(values).all()


@pytest.mark.parametrize("bottom", [0.0, -5.0])
def test_a_ratio_to_nothing_or_less_is_null(bottom):
    made = figures(filed(net_income=3.0, equity=bottom, assets=bottom, revenues=1.0))
    for name in ("return_on_equity", "return_on_assets", "asset_turnover", "equity_ratio"):
        assert np.isnan(features.FACT_FEATURES[name](made)).all(), name


def test_ratios_are_what_the_filing_says():
    made = figures(
        filed(
            net_income=6.0,
            equity=40.0,
            assets=100.0,
            cash=25.0,
            cash_flow_op=9.0,
            revenues=80.0,
            eps_diluted=1.5,
        )
    )
    found = {name: features.FACT_FEATURES[name](made)[0] for name in features.FACT_FEATURES}
    assert found["return_on_equity"] == 0.15
    assert found["return_on_assets"] == 0.06
    assert found["asset_turnover"] == 0.8
    assert found["accruals"] == -0.03
    assert found["equity_ratio"] == 0.4
    assert found["cash_ratio"] == 0.25
    assert found["earnings_yield"] == 0.075
    assert found["days_since_filing"] == pytest.approx(
        (CLOSE - pd.Timestamp("2017-03-01", tz="UTC")) / pd.Timedelta(days=1)
    )
    assert np.isnan(found["revenue_growth"])


def test_growth_is_per_size_of_the_figure_a_year_before_even_from_a_loss():
    before = filed(net_income=-4.0).assign(
        period_end=pd.Timestamp("2015-12-31"), available_utc=pd.Timestamp("2016-03-01", tz="UTC")
    )
    made = figures(pd.concat([before, filed(net_income=2.0)]))
    assert features.FACT_FEATURES["income_growth"](made)[0] == 1.5
