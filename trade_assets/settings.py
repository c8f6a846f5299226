"""Every tunable number, with its unit, its range and its default.

Sections and keys carry the names the owner's planning documents use. Values come from the defaults
below, then from one optional YAML file (``trade_assets.yaml``, or the path in ``TRADE_ASSETS_FILE``),
then from the environment (``TRADE_ASSETS__HISTORY__START=2005-01-03``). Unknown keys are refused by name.
"""

import datetime as dt
import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

PREFIX = "TRADE_ASSETS__"
FILE_VARIABLE = "TRADE_ASSETS_FILE"
SAMPLE_LAST_SESSION = dt.date(2018, 12, 31)


class Section(BaseModel):
    """A group of settings; frozen, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class History(Section):
    start: dt.date = Field(
        default=dt.date(2011, 1, 3),
        description="first rebalance on or after this session; the book begins here in cash",
    )
    end: dt.date | None = Field(
        default=None, description="last session listed as a partition; none means the end of next year"
    )
    anchor: dt.date = Field(default=dt.date(1999, 1, 4), description="session with ordinal 0 of the rebalance grid")
    rebalance_every: int = Field(default=10, ge=1, le=252, description="sessions from one rebalance to the next")
    retrain_every: int = Field(default=6, ge=1, description="rebalances from one fit of the stock models to the next")
    train_rebalances: int = Field(
        default=78, ge=4, description="rebalances in the trailing training window of the stock models"
    )
    inner_folds: int = Field(default=3, ge=1, le=10, description="walk-forward folds inside a training window")


class IndexLegs(Section):
    qqq: str | None = Field(default="QQQ", description="symbol of the NASDAQ leg; none where the source has none")
    spy: str | None = Field(default="SPY", description="symbol of the S&P 500 leg; none where the source has none")

    def symbols(self) -> list[str]:
        """The symbols of the legs the source has, NASDAQ first."""
        return [symbol for symbol in (self.qqq, self.spy) if symbol is not None]


class Files(Section):
    path: Path | None = Field(
        default=None, description="directory of Parquet or CSV tables, laid out as docs/data.md says"
    )
    stray_sessions: Literal["refuse", "drop"] = Field(
        default="refuse", description="rows on days the exchange was closed"
    )
    index_legs: IndexLegs = IndexLegs()


class Synthetic(Section):
    symbols: int = Field(default=100, ge=1, le=5000, description="stocks, the index legs apart")
    sessions: int = Field(default=1260, ge=1, le=6000, description="sessions from the anchor of the history")
    seed: int = Field(default=42, ge=0, description="seed of the market; the same seed is the same market")
    information_coefficient: float = Field(
        default=0.05, ge=0, lt=1, description="planted rank correlation with the next ten sessions; 0 plants none"
    )
    delisting_rate_per_year: float = Field(
        default=0.01, ge=0, lt=1, description="share of the symbols that leaves each year"
    )
    start: dt.date = Field(default=dt.date(1999, 1, 4), description="first session of the market")


class Data(Section):
    source: Literal["sample", "files", "synthetic"] = Field(default="sample", description="where market data come from")
    files: Files = Files()
    synthetic: Synthetic = Synthetic()


class Store(Section):
    url: str = Field(
        default="data/store", description="directory or fsspec URL of tables, models and sealed source data"
    )
    exports: Path = Field(default=Path("data/exports"), description="directory of the files and pages a person opens")
    dagster_home: Path = Field(default=Path("data/dagster"), description="directory of Dagster's runs, events and logs")
    mlflow_uri: str = Field(default="sqlite:///data/mlflow.db", description="MLflow tracking store")
    workers: int = Field(
        default=0, ge=0, le=256, description="processes that fit models side by side; 0 means one a core"
    )


class Universe(Section):
    min_history_sessions: int = Field(
        default=252, ge=1, description="sessions with a bar in the trailing 27 rebalance windows"
    )
    min_price_usd: float | None = Field(
        default=1.0, ge=0, description="smallest raw close; not judged where closes are adjusted"
    )
    min_dollar_volume_usd: float | None = Field(
        default=1e6,
        ge=0,
        description="smallest median daily dollar volume of 63 sessions; not judged where volume is absent",
    )
    first_n: int | None = Field(
        default=None, ge=1, description="keep the n symbols with the largest dollar volume; none keeps all"
    )
    membership: bool = Field(default=True, description="keep only members of the source's index list, where it has one")


class PitAlignment(Section):
    pit_min_lag_days: int = Field(default=1, ge=0, description="days from a filing to its first use")
    default_public_lag_days: int = Field(
        default=45, ge=0, description="days from period end to first use where the filing date is unknown"
    )
    earnings_blackout_days: int = Field(
        default=2,
        ge=0,
        description="sessions after a filing without new buys, and without weight in training; there is no calendar of reports to come",
    )


class Features(Section):
    pit_alignment: PitAlignment = PitAlignment()
    selection: bool = Field(default=False, description="select features inside every fold, on its training rows")
    max_features: int = Field(default=15, ge=1, description="features kept where selection is on")


class Labels(Section):
    horizon_sessions: int = Field(
        default=10, ge=1, description="sessions of the stock outcome; equals history.rebalance_every"
    )
    monitoring_sessions: int = Field(default=5, ge=1, description="sessions of the second outcome, kept for monitoring")


class LightGBMParams(Section):
    objective: str = "regression"
    metric: str = "rmse"
    boosting_type: str = "gbdt"
    num_leaves: int = Field(default=31, ge=2)
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    feature_fraction: float = Field(default=0.8, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    bagging_freq: int = Field(default=5, ge=0)
    min_data_in_leaf: int = Field(default=50, ge=1)
    verbose: int = -1


class XGBoostParams(Section):
    objective: str = "reg:squarederror"
    max_depth: int = Field(default=4, ge=1, le=16)
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    min_child_weight: float = Field(default=50.0, ge=0)
    subsample: float = Field(default=0.8, gt=0, le=1)
    colsample_bytree: float = Field(default=0.8, gt=0, le=1)


class RandomForestParams(Section):
    n_estimators: int = Field(default=200, ge=1, description="trees")
    num_leaves: int = Field(default=31, ge=2)
    min_data_in_leaf: int = Field(default=50, ge=1)
    feature_fraction_bynode: float = Field(default=0.33, gt=0, le=1)
    bagging_fraction: float = Field(default=0.632, gt=0, lt=1)


class ElasticNetParams(Section):
    alphas: tuple[float, ...] = Field(
        default=(1e-3, 3e-3, 1e-2, 3e-2), description="penalties tried on the inner folds"
    )
    l1_ratio: float = Field(default=0.5, ge=0, le=1)


class Modeling(Section):
    base_models: tuple[Literal["elastic_net", "lightgbm", "xgboost", "random_forest"], ...] = (
        "elastic_net",
        "lightgbm",
        "xgboost",
        "random_forest",
    )
    lightgbm_params: LightGBMParams = LightGBMParams()
    xgboost_params: XGBoostParams = XGBoostParams()
    random_forest_params: RandomForestParams = RandomForestParams()
    elastic_net_params: ElasticNetParams = ElasticNetParams()
    num_boost_round: int = Field(default=1000, ge=1, description="most boosting rounds")
    early_stopping_rounds: int = Field(
        default=50, ge=1, description="rounds without gain on an inner fold that end a fit"
    )
    weight_half_life_rebalances: float = Field(
        default=52.0, gt=0, description="age at which a training row counts half"
    )
    min_train_rows: int = Field(default=200, ge=2, description="fewer rows than this fit no model")
    stack_alpha: float = Field(
        default=1.0, gt=0, description="ridge penalty of the stack; at 1 it weighs as much as the rows do"
    )
    stack_min_rebalances: int = Field(
        default=12, ge=1, description="rebalances of past predictions below which the stack weighs equally"
    )
    seed: int = Field(default=42, ge=0)


class Portfolio(Section):
    top_n: int = Field(default=10, ge=1, description="names in the rank-decay portfolio")
    max_weight: float = Field(default=0.15, gt=0, le=1, description="largest weight of one name before exposure")
    costs_bps: float = Field(default=1.0, ge=0, description="commission per side, basis points")
    slippage_bps: float = Field(default=2.0, ge=0, description="half-spread per side, basis points")
    impact_coefficient: float = Field(
        default=1.0, ge=0, description="times daily volatility times sqrt(order / daily volume)"
    )
    fill: Literal["next_close", "next_open"] = Field(
        default="next_close", description="when orders decided at a close are filled"
    )
    max_turnover: float = Field(
        default=0.40,
        gt=0,
        description="half the sum of weight changes above which buys are scaled down; the first build is free",
    )
    whole_shares: bool = Field(default=True, description="round orders to whole shares, toward zero")
    never_buy: tuple[str, ...] = Field(default=(), description="symbols no new position is opened in")
    cash_return_frac: float = Field(default=0.0, ge=0, le=0.5, description="yearly return on cash")
    hold_band_frac: float = Field(default=0.005, ge=0, le=1, description="weight changes below this are held")
    hold_band_share: float = Field(
        default=0.20, ge=0, le=1, description="and below this share of the larger of target and held weight"
    )
    min_trade_usd: float = Field(default=100.0, ge=0, description="smaller orders are held")
    rebalance_step: int = Field(
        default=1, ge=1, description="prediction dates from one rebalance to the next, for a predictions file"
    )
    horizon_days: int = Field(default=10, ge=1, description="sessions a prediction looks ahead, for a predictions file")
    volatility_target: float | None = Field(
        default=None, gt=0, le=1, description="yearly volatility above which the book is scaled down; none is off"
    )
    initial_capital_usd: float = Field(default=100_000.0, gt=0, description="cash at history.start")


class RiskLimits(Section):
    max_sector_weight: float = Field(
        default=0.30,
        gt=0,
        le=1,
        description="largest weight of one sector; unknown is one sector, off where none is known",
    )
    large_cap_usd: float = Field(default=10e9, gt=0, description="market value from which a company is large")
    mid_cap_usd: float = Field(default=2e9, gt=0, description="market value from which a company is mid-sized")
    large_dollar_volume_usd: float = Field(
        default=50e6, gt=0, description="daily dollar volume that stands in where market value is unknown"
    )
    mid_dollar_volume_usd: float = Field(default=5e6, gt=0, description="the same, for mid-sized")


class MarketGate(Section):
    source: Literal["model", "file"] = Field(
        default="model", description="forecast with our models, or read signals from a file"
    )
    file: Path | None = Field(
        default=None, description="Parquet or CSV with date, tft_p10, tft_p50, tft_p90 and meta_prob_success"
    )
    favorable: float = Field(
        default=0.70, ge=0, le=1, description="meta probability from which the market is favorable"
    )
    unfavorable: float = Field(default=0.55, ge=0, le=1, description="meta probability up to which it is unfavorable")
    favorable_exposure: float = Field(default=1.0, ge=0, le=1)
    neutral_exposure: float = Field(default=0.6, ge=0, le=1)
    unfavorable_exposure: float = Field(default=0.2, ge=0, le=1)
    horizon_sessions: int = Field(default=10, ge=1, description="sessions the index forecast looks ahead")
    train_sessions: int = Field(
        default=1260, ge=60, description="sessions in the trailing training window of the forecast"
    )
    min_train_rows: int = Field(default=250, ge=20, description="labelled sessions below which nothing is forecast")
    num_boost_round: int = Field(default=60, ge=1, description="trees of each quantile model")
    num_leaves: int = Field(default=7, ge=2)
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    min_data_in_leaf: int = Field(default=40, ge=1)
    meta_trees: int = Field(default=100, ge=1, description="trees of the meta forest")
    seed: int = Field(default=42, ge=0)

    @model_validator(mode="after")
    def _thresholds_in_order(self) -> "MarketGate":
        if self.unfavorable >= self.favorable:
            raise ValueError(
                f"market_gate.unfavorable must lie below favorable {self.favorable}, was {self.unfavorable}"
            )
        if self.source == "file" and self.file is None:
            raise ValueError("market_gate.file must name a file where market_gate.source is 'file'")
        return self


class Live(Section):
    start: dt.date = Field(default=dt.date(2018, 1, 2), description="first session with a live partition")


BASIS = frozenset({"history", "data"})  # what every asset rests on


class Settings(BaseSettings):
    """All settings of one system: one history, one store."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__", protected_namespaces=()
    )

    history: History = History()
    data: Data = Data()
    store: Store = Store()
    universe: Universe = Universe()
    features: Features = Features()
    labels: Labels = Labels()
    modeling: Modeling = Modeling()
    portfolio: Portfolio = Portfolio()
    risk_limits: RiskLimits = RiskLimits()
    market_gate: MarketGate = MarketGate()
    live: Live = Live()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        path = Path(os.environ.get(FILE_VARIABLE, "trade_assets.yaml"))
        if FILE_VARIABLE in os.environ and not path.is_file():
            raise ValueError(f"{FILE_VARIABLE} must name a file, was {str(path)!r}")
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls, yaml_file=path)

    @model_validator(mode="after")
    def _sections_agree(self) -> "Settings":
        if self.labels.horizon_sessions != self.history.rebalance_every:
            raise ValueError(
                "labels.horizon_sessions must equal history.rebalance_every "
                f"{self.history.rebalance_every}, was {self.labels.horizon_sessions}"
            )
        if self.data.source == "files" and self.data.files.path is None:
            raise ValueError("data.files.path must name a directory where data.source is 'files'")
        return self

    def fingerprint(self, sections: frozenset[str]) -> str:
        """Hash of ``sections``, and of the history and data every asset rests on."""
        values = {name: getattr(self, name).model_dump(mode="json") for name in sorted(sections | BASIS)}
        del values["history"]["end"]
        source = self.data.source
        own = {k: v for k, v in values["data"].get(source, {}).items() if k not in ("path", "sessions")}
        values["data"] = {"source": source} | own
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]

    def index_legs(self) -> IndexLegs:
        """The symbols that stand for QQQ and SPY in the source in use."""
        return {"files": self.data.files.index_legs, "sample": IndexLegs(qqq="NASDAQ", spy="SP500")}.get(
            self.data.source, IndexLegs()
        )

    def last_listed_session(self, today: dt.date) -> dt.date:
        """Last session listed as a partition: the source's last where it has one, else the end of next year."""
        if self.history.end is not None:
            return self.history.end
        return SAMPLE_LAST_SESSION if self.data.source == "sample" else dt.date(today.year + 1, 12, 31)


SECTIONS = frozenset(Settings.model_fields)


@lru_cache(maxsize=1)
def load() -> Settings:
    """Settings of this process, read once; raises ``ValueError`` that names every key it refuses."""
    unknown = [
        name
        for name in os.environ
        if name.startswith(PREFIX) and name[len(PREFIX) :].split("__")[0].lower() not in SECTIONS
    ]
    if unknown:
        raise ValueError(
            f"unknown settings in the environment: {', '.join(sorted(unknown))}; sections are {', '.join(sorted(SECTIONS))}"
        )
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"  {'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}, was {e['input']!r:.80}"
            for e in error.errors()
        ]
        raise ValueError("settings are not valid:\n" + "\n".join(lines)) from None


def page() -> str:
    """Every setting with its default, range and meaning, as Markdown; ``docs/settings.md`` is this text."""
    lines = [
        "# Settings",
        "",
        "Defaults, and what they mean. Change them in `trade_assets.yaml` (or the file `TRADE_ASSETS_FILE` names), or in",
        "the environment: `TRADE_ASSETS__PORTFOLIO__TOP_N=8`. Unknown keys are refused by name. This page is written by",
        "`trade-assets settings` and tested against the code.",
        "",
        "| setting | default | range | |",
        "|---|---|---|---|",
    ]
    return "\n".join([*lines, *_rows("", Settings)]) + "\n"


def _rows(prefix: str, model: type[BaseModel]) -> list[str]:
    rows = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            rows += _rows(f"{prefix}{name}.", kind)
            continue
        value = field.get_default(call_default_factory=True)
        shown = "none" if value is None else ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        limits = [
            f"{sign} {getattr(limit, attribute):g}"
            for limit in field.metadata
            for attribute, sign in _LIMITS
            if hasattr(limit, attribute)
        ]
        choices = " or ".join(map(str, get_args(kind))) if get_origin(kind) is Literal else ""
        rows.append(f"| `{prefix}{name}` | {shown} | {', '.join(limits) or choices} | {field.description or ''} |")
    return rows


_LIMITS = (("ge", ">="), ("gt", ">"), ("le", "<="), ("lt", "<"))
