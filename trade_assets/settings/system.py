"""All sections as one: where the values come from, what must agree, and the hash of what was used."""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from trade_assets.settings.allocator import Allocator
from trade_assets.settings.events import Events, Risk
from trade_assets.settings.housekeeping import Housekeeping
from trade_assets.settings.live import Live, Ops
from trade_assets.settings.market import Features, History, Labels, Universe
from trade_assets.settings.models import MarketGate, Modeling
from trade_assets.settings.selection import ModelSelection
from trade_assets.settings.sources import Data, IndexLegs, Store
from trade_assets.settings.trading import Portfolio, RiskLimits

PREFIX = "TRADE_ASSETS__"
FILE_VARIABLE = "TRADE_ASSETS_FILE"
SAMPLE_LAST_SESSION = dt.date(2018, 12, 31)
BASIS = frozenset({"history", "data"})  # what every asset rests on
ASIDE = frozenset({"housekeeping"})  # what no number rests on


class Settings(BaseSettings):
    """All settings of one system: one history, one store."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        protected_namespaces=(),
        hide_input_in_errors=True,  # what was given may be a secret
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
    events: Events = Events()
    risk: Risk = Risk()
    allocator: Allocator = Allocator()
    model_selection: ModelSelection = ModelSelection()
    live: Live = Live()
    ops: Ops = Ops()
    housekeeping: Housekeeping = Housekeeping()

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
        return init_settings, env_settings, InitSettingsSource(settings_cls, _sections_of(path))

    @model_validator(mode="after")
    def _sections_agree(self) -> "Settings":
        if self.labels.horizon_sessions != self.history.rebalance_every:
            raise ValueError(
                "labels.horizon_sessions must equal history.rebalance_every "
                f"{self.history.rebalance_every}, was {self.labels.horizon_sessions}"
            )
        models = [candidate.name for candidate in self.modeling.candidates]
        if self.model_selection.incumbent_model not in models:
            raise ValueError(
                f"model_selection.incumbent_model must be one of modeling.candidates {', '.join(models)}, "
                f"was {self.model_selection.incumbent_model}"
            )
        if self.data.source == "files" and self.data.files.path is None:
            raise ValueError("data.files.path must name a directory where data.source is 'files'")
        if self.data.source == "yfinance" and not self.data.yfinance.symbols:
            raise ValueError("data.yfinance.symbols must name symbols where data.source is 'yfinance'")
        return self

    def fingerprint(self, sections: frozenset[str]) -> str:
        """Hash of ``sections``, and of the history and data every asset rests on."""
        values = {name: getattr(self, name).model_dump(mode="json") for name in sorted((sections | BASIS) - ASIDE)}
        del values["history"]["end"]
        for place in ("ledger_uri", "output_dir", "paper_dir", "enabled", "notifications"):
            values.get("live", {}).pop(place, None)  # where things lie, when they run, who is told: no number changes
        source = self.data.source
        own = {k: v for k, v in values["data"].get(source, {}).items() if k not in ("path", "sessions")}
        values["data"] = {"source": source} | own
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]

    def index_legs(self) -> IndexLegs:
        """The symbols that stand for QQQ and SPY in the source in use."""
        return {
            "files": self.data.files.index_legs,
            "sample": IndexLegs(qqq="NASDAQ", spy="SP500"),
            "yfinance": self.data.yfinance.index_legs,
        }.get(self.data.source, IndexLegs())

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
            f"  {'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}{_shown(e['loc'], e['input'])}"
            for e in error.errors()
        ]
        raise ValueError("settings are not valid:\n" + "\n".join(lines)) from None


def _sections_of(path: Path) -> dict[str, Any]:
    """What a file says; raises ``ValueError`` that shows no line of it, for one may hold a secret."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}, " if error.problem_mark else ""
        raise ValueError(f"{path} cannot be read as YAML: {line}{error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read as YAML: {getattr(error, 'reason', 'it is no text')}") from None
    if not isinstance(found, dict | None):
        raise ValueError(f"{path} must hold sections with settings, was a {type(found).__name__}")
    return found or {}


def _shown(place: Sequence[int | str], given: object) -> str:
    """What was given, where it can hold no secret: URLs may, and whatever holds them."""
    if "notifications" in place or isinstance(given, Mapping | list | tuple) or "://" in str(given):
        return ""
    return f", was {given!r:.80}"
