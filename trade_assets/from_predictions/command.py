"""The command from end to end: read the files, manage the book, measure it, write and show what came of it."""

from pathlib import Path

from rich.console import Console

from trade_assets.from_predictions import files, summary
from trade_assets.from_predictions.book import manage
from trade_assets.from_predictions.options import Options
from trade_assets.from_predictions.record import measure
from trade_assets.resources import own_files
from trade_assets.resources.exports import Exports
from trade_assets.settings import load


def portfolio(ridge_preds: str, market_signals: Path, outdir: Path, options: Options, console: Console) -> None:
    """Manage a portfolio on a predictions file; nothing is written unless everything worked."""
    settings = load()
    if outdir.exists() and not outdir.is_dir():
        raise NotADirectoryError(f"--outdir must be a directory, but {outdir} is a file")
    predictions, signals = own_files.predictions(ridge_preds), own_files.signals(market_signals)
    with summary.progress(console) as progress:
        work = manage(predictions, signals, options, settings, progress)
    record = measure(predictions.table, work, settings)
    written = files.write(Exports(outdir), predictions, work, record, options, settings)
    summary.show(work, record, options, console)
    summary.show_files(written, (predictions, signals), record, outdir, console)
