"""The command line: run the system, prove it, and use its parts on one's own files."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from trade_assets.desk import commands
from trade_assets.plain_errors import plain_errors

app = typer.Typer(
    help="A machine-learning trading system, free of look-ahead by proof.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
console = Console()
commands.register(app)

Day = Annotated[
    str | None,
    typer.Option(help="A date; the rebalance on or after it (--from) or on or before it (--to).", metavar="YYYY-MM-DD"),
]


@app.command()
def run(
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="YYYY-MM-DD", help="First rebalance on or after this date."),
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Last rebalance on or before this date.")
    ] = None,
    last_n: Annotated[int | None, typer.Option("--last", min=1, help="Only the newest N closed rebalances.")] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Accept stored partitions computed under other settings.")
    ] = False,
) -> None:
    """Compute a range of rebalance dates, every one there is by default, and write the files and the page."""
    with plain_errors():
        from trade_assets import running

        running.run(first, last, last_n, rebuild=rebuild, console=console)


@app.command()
def prove(
    date: Annotated[
        list[str] | None,
        typer.Option("--date", metavar="YYYY-MM-DD", help="A rebalance date; may be given again. All by default."),
    ] = None,
    leak: Annotated[
        str | None,
        typer.Option(help="Plant a leak on both sides, to see that the proof bites; 'list' names them."),
    ] = None,
    asset: Annotated[
        list[str] | None,
        typer.Option(
            "--asset",
            metavar="NAME",
            help="Prove this asset and what it is made of; may be given again. All by default.",
        ),
    ] = None,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Rebuild the whole history key by key on nothing stored; slow.")
    ] = False,
    parity: Annotated[
        bool,
        typer.Option(
            "--parity",
            help="Rebuild a few dates up to each --date, or to the newest, in other ways too: other runs, processes, "
            "threads, row order, hash seed.",
        ),
    ] = False,
) -> None:
    """Prove that nothing looks ahead: rebuild dates from what was knowable, compare every artifact, write a certificate."""
    with plain_errors():
        from trade_assets import proving

        proving.prove(date or [], asset or [], leak, from_scratch, parity, console)


@app.command()
def compare(
    baseline: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Predictions, Parquet or CSV: date, ticker, prediction; or a model's own file, with the three options below.",
        ),
    ],
    sha256: Annotated[str | None, typer.Option(metavar="HEX", help="What the model file must hash to.")] = None,
    algorithm: Annotated[
        str | None, typer.Option(metavar="NAME", help="How it was fitted: lightgbm, xgboost, random_forest, …")
    ] = None,
    features: Annotated[
        str | None, typer.Option(metavar="A,B,…", help="Features it takes, in order; names as in stock_features.")
    ] = None,
) -> None:
    """Compare your own predictions or model with the champion, on the stored history and by the same tests."""
    with plain_errors():
        from trade_assets import comparing

        asked = [option for option in (sha256, algorithm, features) if option is not None]
        if len(asked) not in (0, 3):
            raise ValueError(
                "a model file needs --sha256, --algorithm and --features together; a file of predictions none"
            )
        native = (
            comparing.Native(algorithm, tuple(features.split(",")), sha256)
            if sha256 and algorithm and features
            else None
        )
        comparing.compare(baseline, native, console)


@app.command()
def rollback(
    model: Annotated[str, typer.Option(metavar="NAME", help="Model to put in force again.")],
    construction: Annotated[str, typer.Option(metavar="NAME", help="Its construction.")],
    actor: Annotated[str, typer.Option(metavar="NAME", help="Who decides.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")],
) -> None:
    """Put a former champion in force again from the next rebalance on; recorded for good."""
    with plain_errors():
        from trade_assets import rolling_back

        rolling_back.roll_back(model, construction, actor, reason, console)


@app.command()
def portfolio(
    ridge_preds: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="Predictions, Parquet or CSV: date, ticker, prediction; with actual, the return over the horizon, the "
            "record is made too. A pattern in quotes reads many: 'results/**/ridge_stacking_predictions_*.parquet'.",
        ),
    ],
    market_signals: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Market signals, Parquet or CSV: date and exposure_scalar, or tft_p50 and meta_prob_success.",
        ),
    ],
    outdir: Annotated[
        Path, typer.Option(metavar="DIR", help="Where weights.csv, trades.csv, equity.csv and metrics.json go.")
    ],
    top_n: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Names held at most. Default: portfolio.top_n, 10.")
    ] = None,
    rebalance_step: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Rebalance on every N-th date. Default: portfolio.rebalance_step, 1."),
    ] = None,
    horizon_days: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Sessions a prediction looks ahead. Default: portfolio.horizon_days, 10."
        ),
    ] = None,
    max_weight: Annotated[
        float | None,
        typer.Option(metavar="W", help="Largest weight before exposure. Default: portfolio.max_weight, 0.15."),
    ] = None,
    overlap: Annotated[
        Literal["refuse", "tranches"],
        typer.Option(help="Where rebalances lie closer than the horizon: refuse, or rebuild the book part by part."),
    ] = "refuse",
) -> None:
    """Make a portfolio from your own predictions: weights, trades and, with known outcomes, the record.

    The best names get weights that fall with their rank, times the exposure of the market signal; the rest is cash.

    A signal older than one session allows no buying. Small changes are held. Costs come from the settings.
    """
    with plain_errors():
        from trade_assets import from_predictions
        from trade_assets.settings import load

        options = from_predictions.Options.of(
            load().portfolio,
            top_n=top_n,
            rebalance_step=rebalance_step,
            horizon_days=horizon_days,
            max_weight=max_weight,
            overlap=overlap,
        )
        from_predictions.portfolio(ridge_preds, market_signals, outdir, options, console)


@app.command()
def market_signals(
    features: Annotated[
        Path,
        typer.Option(
            "--in",
            metavar="FILE",
            help="The index, Parquet or CSV: date and close, adjusted; if there, spy_close and the forecasts "
            "tft_p10, tft_p50, tft_p90. Without tft_p50 the system's own models forecast.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the signals go, .parquet or .csv.")],
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of the models.")] = 42,
) -> None:
    """Tell from your own index series how much of a book to invest at each close.

    Writes the forecast, the probability that its sign is right, the regime and the exposure of every session.

    Models are refitted every ten sessions on outcomes known by then: later days never change an earlier signal.
    """
    with plain_errors():
        from trade_assets import from_features

        from_features.market_signals(features, out, seed, console)


@app.command()
def ui(port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 3000) -> None:
    """Start the Dagster UI and daemon on this machine."""
    with plain_errors():
        from trade_assets import running

        running.serve(port)


@app.command()
def tidy(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would go, and remove nothing.")] = False,
) -> None:
    """Remove old runs, half-written files and models no table names; mark runs failed whose process is gone."""
    with plain_errors():
        from trade_assets import running

        running.tidy(dry_run=dry_run, console=console)


@app.command()
def doctor(
    full: Annotated[
        bool, typer.Option("--full", help="Verify every stored partition, not only the newest ones.")
    ] = False,
) -> None:
    """Look at everything a run rests on, say how it is and what to do; changes nothing. Status 1 where there is a problem."""
    from trade_assets.doctor import doctor as look

    with plain_errors():
        is_well = look(full=full, console=console)
    if not is_well:
        raise typer.Exit(1)


@app.command(name="settings")
def settings_page() -> None:
    """Print every setting with its default, range and meaning, as Markdown."""
    with plain_errors():
        from trade_assets import settings

        sys.stdout.write(settings.page())


@app.command()
def where() -> None:
    """Say which settings, stores and files are in force."""
    with plain_errors():
        from trade_assets import running

        running.where(console)


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
