"""Where market data come from, and where tables are kept."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from trade_assets.settings.section import Section


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
    has_real_opens: bool = Field(
        default=True,
        description="whether opens are prices one could have traded at; if not, everything fills at closes",
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


class Yahoo(Section):
    symbols: tuple[Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9.^=-]{0,14}$")], ...] = Field(
        default=(), description="stocks, as Yahoo writes them (BRK-B); listed in the United States, in USD"
    )
    index_legs: IndexLegs = IndexLegs()


class Data(Section):
    source: Literal["sample", "files", "synthetic", "yfinance"] = Field(
        default="sample", description="where market data come from; yfinance asks for the extra of that name"
    )
    files: Files = Files()
    synthetic: Synthetic = Synthetic()
    yfinance: Yahoo = Yahoo()


class Store(Section):
    url: str = Field(
        default="data/store", description="directory or fsspec URL of tables, models and sealed source data"
    )
    exports: Path = Field(default=Path("data/exports"), description="directory of the files and pages a person opens")
    dagster_home: Path = Field(default=Path("data/dagster"), description="directory of Dagster's runs, events and logs")
    mlflow_uri: str = Field(default="sqlite:///data/mlflow.db", description="MLflow tracking store")
    optuna_uri: str = Field(
        default="sqlite:///data/optuna.db", description="Optuna storage of the searches; they go on where they stopped"
    )
    workers: int = Field(
        default=0, ge=0, le=256, description="processes that fit models side by side; 0 means one a core"
    )

    @field_validator("mlflow_uri")
    @classmethod
    def _has_no_password(cls, uri: str) -> str:
        if uri.startswith(("http://", "https://")) and "@" in uri.split("/")[2]:  # MLflow repeats it in its errors
            raise ValueError("must hold no password, set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead")
        return uri
