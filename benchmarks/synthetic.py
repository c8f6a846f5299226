"""Synthetic systems of any size, each in a process of its own: settings are read once, at import."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.measure import ONE_THREAD

RESULT = "BENCHMARK_RESULT "
SESSIONS_PER_YEAR = 252
CHEAP_MODELS = {
    "modeling": {
        "num_boost_round": 20,
        "early_stopping_rounds": 5,
        "random_forest_params": {"n_estimators": 10},
    },
    "market_gate": {"num_boost_round": 10, "meta_trees": 10},
}


def config(
    home: Path,
    *,
    symbols: int,
    years: int,
    information_coefficient: float = 0.05,
    seed: int = 42,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Settings of a synthetic market of so many symbols and years, with everything stored under ``home``."""
    sessions = SESSIONS_PER_YEAR * years
    return {
        "history": {"start": "1999-01-04", "end": last_session(sessions)},
        "data": {
            "source": "synthetic",
            "synthetic": {
                "symbols": symbols,
                "sessions": sessions,
                "information_coefficient": information_coefficient,
                "seed": seed,
            },
        },
        "store": {
            "url": str(home / "store"),
            "exports": str(home / "exports"),
            "dagster_home": str(home / "dagster"),
            "mlflow_uri": f"sqlite:///{home / 'mlflow.db'}",
            "workers": 1,
        },
        **(more or {}),
    }


def last_session(count: int) -> str:
    """The last of ``count`` sessions from the beginning of the market."""
    import pandas as pd

    from trade_assets.domain import calendar

    start = pd.Timestamp("1999-01-04")
    return f"{calendar.sessions_between(start, start + pd.Timedelta(days=int(count * 1.5) + 15))[count - 1]:%Y-%m-%d}"


def run_inside(module: str, settings: Mapping[str, Any], *arguments: str) -> dict[str, Any]:
    """Run ``module.inside(*arguments)`` in a fresh process with these settings; returns the JSON it gave."""
    with tempfile.TemporaryDirectory(prefix="trade_assets_benchmark_") as directory:
        path = Path(directory) / "settings.yaml"
        path.write_text(yaml.safe_dump(dict(settings)))
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TRADE_ASSETS")}
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.synthetic", module, *arguments],
            env=environment | ONE_THREAD | {"TRADE_ASSETS_FILE": str(path)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    found = [line for line in done.stdout.splitlines() if line.startswith(RESULT)]
    return json.loads(found[-1].removeprefix(RESULT))


if __name__ == "__main__":
    from importlib import import_module

    print(RESULT + json.dumps(import_module(sys.argv[1]).inside(*sys.argv[2:])), flush=True)
