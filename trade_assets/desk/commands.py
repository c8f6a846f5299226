"""The commands of the desk."""

from typing import Annotated

import typer
from rich.console import Console

from trade_assets.plain_errors import plain_errors

console = Console()
Date = Annotated[
    str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="A closed session; the newest by default.")
]
Actor = Annotated[str, typer.Option("--actor", metavar="NAME", help="Who does it.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]
Strategy = Annotated[str, typer.Option("--strategy", metavar="NAME", help="stocks, events or allocator.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(daily)
    app.command()(paper)
    app.command()(restated)
    app.command()(approve)
    app.command()(record)
    app.add_typer(_ledger(), name="ledger")
    app.add_typer(_kill_switch(), name="kill-switch")


def daily(
    date: Date = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compute and show the day; store nothing and place nothing.")
    ] = False,
) -> None:
    """The trading day: rebalance if one is due, update the books, and say what to trade and why not."""
    with plain_errors():
        from trade_assets.desk import daily as day

        day.daily(date, dry_run=dry_run, console=console)


def paper(
    first: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First session.")],
    last: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last session.")],
) -> None:
    """Play past sessions through the live day, with fills by the bars and a book of their own."""
    with plain_errors():
        from trade_assets.desk import daily as day

        day.replay(first, last, console)


def restated(
    date: Date = None,
    symbol: Annotated[
        list[str] | None,
        typer.Option("--symbol", metavar="NAME", help="Only what was restated of it; may be given again."),
    ] = None,
) -> None:
    """Ask the source again about sealed sessions: what it restates, and which decisions that would have changed."""
    with plain_errors():
        from trade_assets.desk import restated as again

        again.restated(date, symbol or [], console)


def approve(
    actor: Actor,
    date: Date = None,
    strategy: Strategy = "stocks",
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="SYMBOL", help="Leave this order out; may be given again.")
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; needed where an order is left out.")
    ] = "",
) -> None:
    """Approve the proposed orders of a session; what is left out is recorded as overridden."""
    with plain_errors():
        from trade_assets.desk import approving

        approving.approve(date, strategy, actor, without or [], reason, console)


def record(
    actor: Actor,
    date: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="Session of the fill.")] = "",
    strategy: Strategy = "stocks",
    symbol: Annotated[str, typer.Option(metavar="NAME", help="What was traded.")] = "",
    shares: Annotated[float, typer.Option(help="Bought (+) or sold (-).")] = 0.0,
    price: Annotated[float, typer.Option(help="USD a share.")] = 0.0,
    cost: Annotated[float, typer.Option(help="Commission and fees, USD.")] = 0.0,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why it differs from the order, if it does.")
    ] = "",
    file: Annotated[
        str | None,
        typer.Option(
            metavar="CSV", help="Many at once: date, strategy, symbol, shares, price, cost; optional id, reason."
        ),
    ] = None,
) -> None:
    """Record executions, one by options or many from a CSV file."""
    with plain_errors():
        from trade_assets.desk import recording

        if file is not None:
            recording.record_file(file, actor, console)
        else:
            recording.record(date, strategy, symbol, shares, price, cost, actor, reason, console)


def _ledger() -> typer.Typer:
    app = typer.Typer(help="The book ledger: open it, move cash and shares, copy it, read it.", no_args_is_help=True)

    @app.command("open")
    def open_ledger(
        actor: Actor,
        date: Date = None,
        stocks: Annotated[float | None, typer.Option(help="USD; live.initial_capital_usd by default.")] = None,
        events: Annotated[float | None, typer.Option(help="USD; the same.")] = None,
        allocator: Annotated[float | None, typer.Option(help="USD; the same.")] = None,
    ) -> None:
        """Make the ledger and deposit what each strategy begins with."""
        with plain_errors():
            from trade_assets.desk import ledger

            ledger.open_ledger(date, {"stocks": stocks, "events": events, "allocator": allocator}, actor, console)

    @app.command()
    def deposit(
        amount: Annotated[float, typer.Option(help="USD in (+) or out (-).")],
        actor: Actor,
        reason: Reason,
        date: Date = None,
        strategy: Strategy = "stocks",
    ) -> None:
        """Put cash in or take it out; returns leave it out."""
        with plain_errors():
            from trade_assets.desk import ledger

            ledger.deposit(date, strategy, amount, actor, reason, console)

    @app.command()
    def position(
        symbol: Annotated[str, typer.Option(metavar="NAME", help="What comes or goes.")],
        shares: Annotated[float, typer.Option(help="In (+) or out (-).")],
        price: Annotated[float, typer.Option(help="USD a share it is taken over at.")],
        actor: Actor,
        reason: Reason,
        date: Date = None,
        strategy: Strategy = "stocks",
    ) -> None:
        """Take over shares that are held already, or hand them out, without a trade."""
        with plain_errors():
            from trade_assets.desk import ledger

            ledger.position(date, strategy, symbol, shares, price, actor, reason, console)

    @app.command()
    def rename(
        symbol: Annotated[str, typer.Option(metavar="OLD", help="What it was called.")],
        actor: Actor,
        reason: Reason,
        to: Annotated[str, typer.Option(metavar="NEW", help="What it is called now; none where it became cash.")] = "",
        ratio: Annotated[float, typer.Option(help="New shares for one old.")] = 1.0,
        cash: Annotated[float, typer.Option(help="USD paid a share.")] = 0.0,
        date: Date = None,
        strategy: Strategy = "stocks",
    ) -> None:
        """A symbol became another, or cash: a rename or a merger."""
        with plain_errors():
            from trade_assets.desk import ledger

            ledger.rename(date, strategy, symbol, to, ratio, cash, actor, reason, console)

    @app.command()
    def backup(to: Annotated[str, typer.Option("--to", metavar="FILE", help="A file that is not there yet.")]) -> None:
        """Copy the ledger, verified, while the system runs."""
        with plain_errors():
            from trade_assets.desk import ledger

            ledger.backup(to, console)

    @app.command()
    def restore(source: Annotated[str, typer.Option("--from", metavar="FILE", help="A backup.")]) -> None:
        """Put a verified backup in place of the ledger; what was there keeps its bytes beside it."""
        with plain_errors():
            from trade_assets.desk import ledger

            ledger.restore(source, console)

    @app.command()
    def show(last: Annotated[int, typer.Option(min=1, help="Newest entries.")] = 30) -> None:
        """Print the newest entries."""
        with plain_errors():
            from trade_assets.desk import ledger

            ledger.show(last, console)

    return app


def _kill_switch() -> typer.Typer:
    app = typer.Typer(help="The kill switch of each strategy.", no_args_is_help=True)

    @app.command()
    def status() -> None:
        """Say which strategies are stopped, since when, and why."""
        with plain_errors():
            from trade_assets.desk import switch

            switch.status(console)

    @app.command()
    def reset(actor: Actor, reason: Reason, strategy: Strategy = "stocks") -> None:
        """Arm a tripped switch again; recorded for good."""
        with plain_errors():
            from trade_assets.desk import switch

            switch.reset(strategy, actor, reason, console)

    @app.command()
    def trip(actor: Actor, reason: Reason, strategy: Strategy = "stocks") -> None:
        """Stop a strategy by hand; recorded for good."""
        with plain_errors():
            from trade_assets.desk import switch

            switch.trip(strategy, actor, reason, console)

    return app
