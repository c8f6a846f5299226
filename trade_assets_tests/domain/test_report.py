"""The tear sheet says what the tables say, escapes what it is given, and invents nothing."""

import base64
import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from plotly.offline import get_plotlyjs

from trade_assets.domain import metrics, report
from trade_assets.domain.report import charts, decision, glossary, record, sparkline, traces, writing

HOSTILE = "<script>alert(1)</script>"


def frames(n=600, first_fill=23, seed=0):
    rng = np.random.default_rng(seed)
    sessions = pd.bdate_range("2015-01-02", periods=n).as_unit("us")
    dates = sessions[np.minimum(np.arange(n) // 10 * 10 + 9, n - 1)] if n else sessions
    held = np.arange(n) >= first_fill
    daily = np.where(np.arange(n) > first_fill, rng.normal(0.0005, 0.01, n), 0.0)
    returns = pd.DataFrame(
        {
            "rebalance_date": dates,
            "session": sessions,
            "return_frac": daily,
            "equity_usd": 1e5 * np.cumprod(1 + daily),
            "exposure_frac": np.where(held, 0.6, 0.0),
            "turnover_frac": np.where(held & (np.arange(n) % 10 == first_fill % 10), 0.2, 0.0),
            "cost_usd": np.where(held & (np.arange(n) % 10 == first_fill % 10), 12.5, 0.0),
            "equal_weight_return_frac": rng.normal(0.0004, 0.011, n),
            "qqq_return_frac": rng.normal(0.0004, 0.012, n),
            "spy_return_frac": rng.normal(0.0003, 0.010, n),
        }
    )
    signals = pd.DataFrame(
        {
            "rebalance_date": dates,
            "session": sessions,
            "tft_p10": -0.04,
            "tft_p50": np.nan,
            "tft_p90": 0.05,
            "tft_source": "lightgbm",
            "meta_prob_success": np.nan,
            "market_regime": np.resize(np.repeat(["favorable", "neutral", "unfavorable"], 7), n),
            "exposure_scalar": 0.6,
            "is_stale": False,
        }
    )
    known = np.unique(dates)
    rank_ic = pd.DataFrame(
        [(date, model, rng.normal(0.03, 0.2)) for date in known for model in ("stack", "boost")],
        columns=["rebalance_date", "model", "rank_ic"],
    )
    last = dates[-1] if n else pd.Timestamp("2015-01-02")
    target = pd.DataFrame(
        {
            "rebalance_date": last,
            "symbol": ["AAA", "BBB", "CCC", "CASH"],
            "weight": [0.3, 0.2, 0.1, 0.4],
            "unscaled_weight": [0.5, 0.3333, 0.1667, 0.0],
            "exposure_scalar": 0.6,
        }
    )
    trades = pd.DataFrame(
        {
            "rebalance_date": last,
            "symbol": ["AAA", "BBB", "CCC", "DDD"],
            "action": ["BUY", "HOLD", "ADD", "SELL"],
            "held_weight": [0.0, 0.2, 0.05, 0.3],
            "target_weight": [0.3, 0.2, 0.1, 0.0],
            "delta_weight": [0.3, 0.0, 0.05, -0.3],
            "delta_vs_prev_target": [0.3, 0.0, 0.05, -0.3],
            "shares": [300.0, 0.0, 12.5, -250.0],
            "price_usd": [100.0, 50.0, 400.0, 120.0],
            "notional_usd": [30000.0, 0.0, 5000.0, -30000.0],
            "cost_est_usd": [15.0, 0.0, 2.5, 15.0],
            "has_impact": [True, False, False, True],
        }
    )
    champion = pd.DataFrame(
        {
            "rebalance_date": last,
            "role": ["champion", "challenger"],
            "model": ["stack", "boost"],
            "construction": ["rank_decay", "equal_weight"],
            "score": [0.61, np.nan],
            "reason": ["highest score", "runner-up"],
        }
    )
    return {
        "returns": returns,
        "signals": signals,
        "rank_ic": rank_ic,
        "target": target,
        "trades": trades,
        "champion": champion,
        "notes": ["Survivors only."],
        "facts": {"Source": "sample", "Code version": "0.1.0"},
    }


def own_html(page):
    return page.replace(get_plotlyjs(), "")


class Page(HTMLParser):
    """Tags with their attributes, and the text of each cell that carries a value."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.cells, self.cell = [], {}, None
        self.feed(own_html(page))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if "data-metric" in attributes:
            self.cell = (
                attributes["data-series"],
                attributes["data-metric"],
                float(attributes["data-value"]),
            )

    def handle_data(self, data):
        if self.cell:
            series, metric, value = self.cell
            self.cells[series, metric] = (value, data)
            self.cell = None


def test_the_same_tables_give_the_same_bytes_in_any_row_order():
    first, second = frames(), frames()
    for name in ("returns", "signals", "rank_ic", "target", "trades", "champion"):
        second[name] = second[name].sample(frac=1, random_state=1)
    assert report.tear_sheet(**first) == report.tear_sheet(**second)


def test_no_table_is_changed():
    given, untouched = frames(), frames()
    report.tear_sheet(**given)
    for name in ("returns", "signals", "rank_ic", "target", "trades", "champion"):
        pd.testing.assert_frame_equal(given[name], untouched[name])


def test_the_key_figures_are_those_of_metrics_from_the_first_trade_on():
    given = frames()
    cells = Page(report.tear_sheet(**given)).cells
    measured = given["returns"].iloc[23:]
    sessions = pd.DatetimeIndex(measured["session"])
    turnover = measured.groupby("rebalance_date")["turnover_frac"].sum().to_numpy()
    for series, column in record.COLUMNS.items():
        traded = turnover if series == "portfolio" else None
        expected = metrics.summary(measured[column].to_numpy(), sessions, turnover=traded)
        for metric, value in expected.items():
            shown, text = cells[series, metric]
            write = writing.percent if glossary.METRICS[metric].unit == "frac" else writing.ratio
            np.testing.assert_equal(shown, value)
            assert text == write(value)
    own = measured["return_frac"].to_numpy()
    for series in ("equal_weight", "qqq", "spy"):
        for metric, value in metrics.relative(own, measured[record.COLUMNS[series]].to_numpy()).items():
            assert cells[series, metric][0] == value


def test_what_is_undefined_is_a_dash():
    cells = Page(report.tear_sheet(**frames())).cells
    assert cells["spy", "turnover"][1] == "–"


@pytest.mark.reliability("18")
def test_hostile_text_is_escaped_everywhere():
    given = frames()
    for name in ("target", "trades"):
        given[name]["symbol"] = given[name]["symbol"].replace({"AAA": HOSTILE})
    given["champion"]["reason"] = HOSTILE
    given["champion"]["model"] = HOSTILE
    given["rank_ic"]["model"] = HOSTILE
    given["signals"]["tft_source"] = HOSTILE
    given |= {"notes": [HOSTILE], "facts": {HOSTILE: HOSTILE}}
    page = own_html(report.tear_sheet(**given, labels=dict.fromkeys(report.LABELS, HOSTILE)))
    assert HOSTILE not in page
    assert page.count("<script") == page.count("</script>") == 3
    assert "&lt;script&gt;alert(1)" in page


def test_the_page_asks_nothing_of_the_network():
    page = report.tear_sheet(**frames())
    for tag, attributes in Page(page).tags:
        for name in ("src", "href", "action", "srcset"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes)
    assert not re.search(r"@import|url\(", own_html(page))
    assert "default-src 'none'" in page
    assert page.count("plotly.js v") == 1


def test_the_page_without_plotly_stays_small():
    assert len(own_html(report.tear_sheet(**frames()))) < 150_000


def test_the_page_holds_no_plotly_before_there_is_anything_to_draw():
    given = frames(n=15)
    given["rank_ic"] = given["rank_ic"].iloc[:0]
    assert "plotly.js v" not in report.tear_sheet(**given)


@pytest.mark.parametrize("n", [0, 1, 15, 23])
def test_a_book_that_never_traded_has_no_figures(n):
    given = frames(n=n)
    page = report.tear_sheet(**given)
    assert "nothing but cash so far" in page
    assert not Page(page).cells
    assert "Monthly returns" not in page


def test_one_session_with_a_trade_is_not_a_record():
    page = report.tear_sheet(**frames(n=24))
    assert "traded on one session only" in page
    assert not Page(page).cells


def test_empty_tables_give_a_page_that_says_so():
    given = frames()
    for name in ("returns", "signals", "rank_ic", "target", "trades", "champion"):
        given[name] = given[name].iloc[:0]
    page = report.tear_sheet(**given | {"notes": [], "facts": {}})
    assert "No decision has been made yet" in page
    assert "No champion yet" in page
    assert "No outcome of the champion" in page
    assert "None were recorded" in page


def test_a_short_record_says_what_is_missing_and_that_figures_extrapolate():
    page = report.tear_sheet(**frames(n=120))
    assert "Needs more than 252 measured sessions; there are 97." in page
    assert "annual figures extrapolate" in page


def test_the_sessions_waited_in_cash_are_said():
    page = report.tear_sheet(**frames())
    assert "waited in cash for 23 sessions" in page
    assert "577 sessions" in page


def test_a_benchmark_with_gaps_is_measured_where_known_and_said():
    given = frames()
    given["returns"].loc[[23, 24, 40], "spy_return_frac"] = np.nan
    page = report.tear_sheet(**given)
    assert "S&amp;P 500 is not known on 3 of 577 sessions" in page
    known = given["returns"].iloc[23:].dropna()
    expected = metrics.sharpe_ratio(known["spy_return_frac"].to_numpy())
    assert Page(page).cells["spy", "sharpe_ratio"][0] == expected


def test_a_benchmark_that_is_never_known_has_no_column():
    given = frames()
    given["returns"]["qqq_return_frac"] = np.nan
    assert ("qqq", "cagr") not in Page(report.tear_sheet(**given)).cells


def test_orders_come_sells_first_and_holds_are_counted():
    given = frames()
    made = decision.decide(given["target"], given["trades"])
    assert made.orders["symbol"].tolist() == ["DDD", "AAA", "CCC"]
    assert made.n_held == 1
    assert (made.bought_usd, made.sold_usd, made.cost_usd) == (35000.0, 30000.0, 32.5)
    assert made.turnover_frac == pytest.approx(0.5 * (0.65 + 0.05))
    assert made.holdings["symbol"].tolist() == ["AAA", "BBB", "CCC"]
    assert made.held_cash_frac == pytest.approx(0.45)
    assert made.n_without_impact == 1


def test_only_the_newest_decision_is_shown():
    given = frames()
    for name in ("target", "trades"):
        old = given[name].assign(
            rebalance_date=given[name]["rebalance_date"] - pd.Timedelta(days=14),
            symbol="OLD" + given[name]["symbol"],
        )
        given[name] = pd.concat([old, given[name]])
    assert "OLD" not in own_html(report.tear_sheet(**given))


def test_a_session_counts_to_the_regime_of_the_close_before():
    book = pd.DataFrame({"session": pd.to_datetime(["2020-01-03", "2020-01-06"])})
    signals = pd.DataFrame(
        {
            "session": pd.to_datetime(["2020-01-03", "2020-01-06"]),
            "market_regime": ["favorable", "unfavorable"],
        }
    )
    assert record.known_regimes(book, signals).tolist() == ["unknown", "favorable"]


def test_monthly_returns_compound_to_the_year():
    book = record.measured(frames()["returns"])
    table = record.months(book)
    assert table["year"].tolist() == sorted(table["year"], reverse=True)
    for _, row in table.iterrows():
        months = row[list(range(1, 13))].dropna().to_numpy(dtype=float)
        assert np.prod(1 + months) - 1 == pytest.approx(row["portfolio"], rel=1e-9)


def payload(page):
    found = re.search(r'<script type="application/json" id="payload">(.*?)</script>', own_html(page), re.S)
    assert found
    return json.loads(found[1])


def filled(node, sessions):
    if node == traces.SESSIONS:
        return sessions
    if isinstance(node, str) and node.startswith("--"):
        return traces.LIGHT[node[2:]]
    if isinstance(node, dict):
        return {key: filled(item, sessions) for key, item in node.items()}
    return [filled(item, sessions) for item in node] if isinstance(node, list) else node


def test_every_figure_is_one_that_plotly_accepts():
    shown = payload(report.tear_sheet(**frames()))
    assert set(shown["figures"]) == {"growth", "drawdown", "rolling_sharpe", "exposure", "trading", "ic"}
    for figure in shown["figures"].values():
        go.Figure(filled(figure, shown["sessions"]))
    assert set(traces.LIGHT) == set(traces.DARK)


def test_charts_draw_every_session():
    given = frames()
    shown = payload(report.tear_sheet(**given))
    measured = given["returns"].iloc[23:]
    assert shown["sessions"] == measured["session"].dt.strftime("%Y-%m-%d").tolist()
    line = shown["figures"]["growth"]["data"][-1]
    drawn = np.frombuffer(base64.b64decode(line["y"]["bdata"]), dtype="<f4")
    np.testing.assert_array_equal(drawn, metrics.wealth(measured["return_frac"].to_numpy()).astype("<f4"))


def test_regime_bands_keep_every_change():
    sessions = pd.bdate_range("2020-01-01", periods=6)
    regimes = np.array(["favorable", "favorable", "neutral", "unfavorable", "unfavorable", "favorable"], dtype=object)
    favorable, unfavorable = charts.regime_bands(sessions, regimes)
    steps = dict(zip(favorable["x"], favorable["y"], strict=True))
    assert [steps[str(sessions[i].date())] for i in (0, 2, 3, 5)] == [1, 0, 0, 1]
    assert unfavorable["y"][2] == 1


@pytest.mark.parametrize("values", [[], [1.0], [np.nan, 2.0, np.nan]])
def test_a_sparkline_without_two_values_says_so(values):
    assert "no history" in sparkline.sparkline_svg(np.array(values))


def test_a_sparkline_keeps_the_extremes_of_a_long_series():
    values = np.ones(5000)
    values[[1234, 3210]] = [9.0, -9.0]
    heights = [
        float(y) for y in re.findall(r",([\d.]+)", sparkline.sparkline_svg(values, height=64).split("points")[1])
    ]
    assert (min(heights), max(heights)) == (3.0, 61.0)
    assert len(sparkline.sparkline_svg(values)) < 20_000


def test_a_sparkline_embeds_in_markdown():
    text = sparkline.sparkline_markdown(np.array([1.0, 2.0]), alt="equity")
    found = re.fullmatch(r"!\[equity\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", text)
    assert found
    assert base64.b64decode(found[1]).startswith(b"<svg")


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (writing.percent, -0.1234, "−12.3%"),
        (writing.percent, -0.00001, "0.0%"),
        (writing.percent, np.nan, "–"),
        (writing.ratio, None, "–"),
        (writing.ratio, np.inf, "–"),
        (writing.usd, -1234.0, "−$1,234"),
        (writing.shares, 1200.0, "1,200"),
        (writing.shares, 12.5, "12.5000"),
        (writing.signed_percent, 0.02, "+2.0%"),
        (writing.day, pd.Timestamp("2018-12-03"), "3 December 2018"),
    ],
)
def test_numbers_are_written_for_people(write, value, text):
    assert write(value) == text
