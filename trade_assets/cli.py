"""The command line: run the system, prove it, and use its parts on one's own files."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(
    help="A machine-learning trading system, free of look-ahead by proof.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
console = Console()

Day = Annotated[
    str | None,
    typer.Option(help="A date; the rebalance on or after it (--from) or on or before it (--to).", metavar="YYYY-MM-DD"),
]


@contextmanager
def plain_errors() -> Iterator[None]:
    """Print what went wrong in a sentence and leave with status 1; a bug keeps its traceback."""
    try:
        yield
    except (ValueError, LookupError, OSError, RuntimeError) as error:
        Console(stderr=True).print(f"[bold red]error:[/] {error}", highlight=False, soft_wrap=True, markup=True)
        sys.exit(1)


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
) -> None:
    """Prove that nothing looks ahead: rebuild dates from what was knowable, compare every artifact."""
    with plain_errors():
        from trade_assets import proving

        proving.prove(date or [], leak, console)


@app.command()
def ui(port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 3000) -> None:
    """Start the Dagster UI and daemon on this machine."""
    with plain_errors():
        from trade_assets import running

        running.serve(port)


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
