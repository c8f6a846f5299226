"""Slow and obvious: loops that say what the fast code must compute, and judge it."""

import itertools
import math

import pandas as pd

NAN = float("nan")


def windowed(x, n, reduce):
    """``reduce`` of the last n rows of every column, as nested lists; NaN where not full or a NaN is inside."""
    out = [[NAN] * len(row) for row in x]
    for t in range(n - 1, len(x)):
        for column in range(len(x[t])):
            window = [float(x[s][column]) for s in range(t - n + 1, t + 1)]
            if not any(math.isnan(v) for v in window):
                out[t][column] = reduce(window)
    return out


def paired(x, y, n, reduce):
    """As :func:`windowed`, of two arrays at once."""
    out = [[NAN] * len(row) for row in x]
    for t in range(n - 1, len(x)):
        for column in range(len(x[t])):
            a = [float(x[s][column]) for s in range(t - n + 1, t + 1)]
            b = [float(y[s][column]) for s in range(t - n + 1, t + 1)]
            if not any(math.isnan(v) for v in a + b):
                out[t][column] = reduce(a, b)
    return out


def levels(gross, n, reduce):
    """``reduce`` of the last n price levels in units of the last; gross returns lead from one to the next."""
    out = [[NAN] * len(row) for row in gross]
    for t in range(n - 1, len(gross)):
        for column in range(len(gross[t])):
            level = [1.0]
            for s in range(t, t - n + 1, -1):
                level.append(level[-1] / float(gross[s][column]))
            if not any(math.isnan(v) for v in level):
                out[t][column] = reduce(level)
    return out


def mean(values):
    return math.fsum(values) / len(values)


def std(values):
    m = mean(values)
    return math.sqrt(math.fsum((v - m) ** 2 for v in values) / (len(values) - 1))


def correlation(a, b):
    ma, mb = mean(a), mean(b)
    saa, sbb = math.fsum((u - ma) ** 2 for u in a), math.fsum((v - mb) ** 2 for v in b)
    if saa == 0 or sbb == 0:
        return NAN
    return math.fsum((u - ma) * (v - mb) for u, v in zip(a, b, strict=True)) / math.sqrt(saa * sbb)


def slope(a, b):
    ma, mb = mean(a), mean(b)
    saa = math.fsum((u - ma) ** 2 for u in a)
    return math.fsum((u - ma) * (v - mb) for u, v in zip(a, b, strict=True)) / saa if saa else NAN


def gross(bars, sessions, *, max_missing):
    """Gross total return by (session, symbol): what one share bought at the last bar became, dividends kept."""
    out = {}
    for symbol, rows in bars.groupby("symbol"):
        by_session = {row.session: row for row in rows.itertuples()}
        last, missing = None, 0
        for session in sessions:
            bar = by_session.get(session)
            if bar is None:
                missing += 1
                out[session, symbol] = 1.0 if last is not None and missing <= max_missing else NAN
                continue
            alive = last is not None and missing <= max_missing
            out[session, symbol] = _grown(last, bar) if alive else NAN
            last, missing = bar, 0
    return out


def _grown(last, bar):
    before = last.close * last.adjustment_factor
    if not math.isnan(before) and not math.isnan(bar.adjustment_factor):
        return bar.close * bar.adjustment_factor / before
    return bar.split_ratio * (bar.close + bar.dividend) / last.close


def backtest(gross, weights, fill_rows, *, cost_of, start=None, capital_usd=1.0):
    """Equity after every session, of a book that counts units of each name and cash.

    At the close of a fill row the costs of the changes, sized on the book before them, come off the book;
    what is left is then held in the target weights. ``cost_of(fill, symbol, usd)`` is a cost in USD.
    """
    symbols = len(gross[0])
    price, cash = [1.0] * symbols, capital_usd
    units = [0.0] * symbols
    if start is not None:
        units = [w * capital_usd for w in start]
        cash = capital_usd - math.fsum(units)
    equity, fills = [], {row: i for i, row in enumerate(fill_rows)}
    for t, moves in enumerate(gross):
        price = [p if math.isnan(g) else p * float(g) for p, g in zip(price, moves, strict=True)]
        value = [u * p for u, p in zip(units, price, strict=True)]
        total = cash + math.fsum(value)
        if t in fills:
            target = weights[fills[t]]
            fees = [cost_of(fills[t], s, abs(target[s] * total - value[s])) for s in range(symbols)]
            total -= math.fsum(fees)
            units = [target[s] * total / price[s] for s in range(symbols)]
            cash = total * (1 - math.fsum(target))
        equity.append(total)
    return equity


def label(gross, sessions, symbol, first, last):
    """Return of a share bought at the close of ``first`` and held to the close of ``last``; NaN moves nothing."""
    value = 1.0
    for session in sessions:
        if first < session <= last:
            move = gross[session, symbol]
            value *= 1.0 if math.isnan(move) else move
    return value - 1


def caps_hold(weights, sector, *, max_weight, max_sector_weight, tolerance=1e-9):
    """Whether no name and no sector is over its cap; unknown sectors are one, and none known means no such cap."""
    by_sector = {}
    for symbol, w in weights.items():
        if w > max_weight + tolerance or w < 0:
            return False
        key = sector[symbol] if isinstance(sector[symbol], str) else "unknown"
        by_sector[key] = by_sector.get(key, 0.0) + w
    if not any(isinstance(s, str) for s in sector):
        return True
    return all(held <= max_sector_weight + tolerance for held in by_sector.values())


def has_room(weights, sector, *, max_weight, max_sector_weight, tolerance=1e-9):
    """Names that are held and could take more without breaking a cap."""
    return [
        s
        for s, w in weights.items()
        if w > tolerance
        and caps_hold(
            weights.where(weights.index != s, w + 10 * tolerance),
            sector,
            max_weight=max_weight,
            max_sector_weight=max_sector_weight,
            tolerance=tolerance,
        )
    ]


def book(holdings, cash, sessions, bars, *, orders_on, cost_of, max_missing, fill="close", interest=0.0):
    """Cash and ``{symbol: (shares, price)}`` after every session, of a book that fills orders at a bar.

    ``orders_on(session, holdings, cash)`` gives ``{symbol: shares}`` to trade that session, None to sell all;
    ``cost_of(session, symbol, usd)`` what a fill costs. ``bars`` maps (session, symbol) to a row.
    """
    held, missing = {s: list(h) for s, h in holdings.items()}, dict.fromkeys(holdings, 0)
    for session in sessions:
        orders = orders_on(session, {s: tuple(h) for s, h in held.items()}, cash)
        cash *= 1 + interest
        for symbol, position in held.items():
            bar = bars.get((session, symbol))
            if bar is not None:
                position[0] *= bar.split_ratio
                cash += position[0] * bar.dividend
        sales, buys = {}, {}
        for symbol, wanted in orders.items():
            bar = bars.get((session, symbol))
            if bar is None or math.isnan(getattr(bar, fill)):
                continue
            owned = held.get(symbol, [0.0])[0]
            shares = -owned if wanted is None else max(wanted * bar.split_ratio, -owned)
            (buys if shares > 0 else sales)[symbol] = shares
        for symbol, shares in sales.items():
            usd = -shares * getattr(bars[session, symbol], fill)
            cash += usd - cost_of(session, symbol, usd)
            held[symbol][0] += shares
        price = {s: getattr(bars[session, s], fill) for s in buys}
        needed = math.fsum(n * price[s] + cost_of(session, s, n * price[s]) for s, n in buys.items())
        share = min(1.0, cash / needed) if needed else 1.0
        for symbol, shares in buys.items():
            usd = shares * price[symbol]
            cash -= share * (usd + cost_of(session, symbol, usd))
            held.setdefault(symbol, [0.0, price[symbol]])[0] += share * shares
        for symbol in list(held):
            bar = bars.get((session, symbol))
            missing[symbol] = 0 if bar is not None else missing.get(symbol, 0) + 1
            if bar is not None:
                held[symbol][1] = bar.close
            if missing[symbol] > max_missing:
                cash += held[symbol][0] * held[symbol][1]
                held[symbol][0] = 0.0
            if held[symbol][0] == 0:
                del held[symbol]
        yield cash, {s: tuple(h) for s, h in held.items()}


def live_book(sessions, bars, news):
    """Cash and ``{symbol: [shares, price, cost paid in all]}`` after every session of a book that people keep.

    ``news[session]`` are its entries, those of earlier sessions included; ``bars`` maps (session, symbol) to a row.
    """
    held, cash, past = {}, 0.0, []
    for session in sessions:
        past.append(session)
        for symbol, own in held.items():
            bar = bars.get((session, symbol))
            if bar is not None:
                own[0] *= bar.split_ratio
                cash += own[0] * bar.dividend
        for e in sorted(news[session], key=lambda e: e.kind == "execution"):
            splits = [bars[day, e.symbol].split_ratio for day in past if day > e.session and (day, e.symbol) in bars]
            if e.kind == "deposit":
                cash += e.amount_usd
            elif e.kind == "rename" and e.symbol in held:
                shares, price, paid = held.pop(e.symbol)
                cash += shares * e.amount_usd
                if e.detail["to"]:
                    other = held.setdefault(e.detail["to"], [0.0, price / e.shares, 0.0])
                    other[0], other[2] = other[0] + shares * e.shares, other[2] + paid
            elif e.kind in ("position", "execution"):
                shares, usd = e.shares * math.prod(splits), e.shares * e.price_usd
                own = held.setdefault(e.symbol, [0.0, usd / shares, 0.0])
                own[2] += usd if shares > 0 else own[2] * shares / own[0]
                own[0] += shares
                cash -= usd + e.cost_usd if e.kind == "execution" else 0.0
        for symbol, own in list(held.items()):
            bar = bars.get((session, symbol))
            own[1] = own[1] if bar is None else bar.close
            if own[0] <= 1e-9:
                del held[symbol]
        yield cash, {s: list(own) for s, own in held.items()}


def cusum(log_returns, thresholds, *, up=0.0, down=0.0):
    """Directions and both sums after every bar, as three lists."""
    directions, ups, downs = [], [], []
    for r, h in zip(log_returns, thresholds, strict=True):
        direction = 0
        if not math.isnan(r) and not math.isnan(h):
            up, down = max(0.0, up + r), min(0.0, down + r)
            if down < -h:
                direction, down = -1, 0.0
            elif up > h:
                direction, up = 1, 0.0
        directions.append(direction)
        ups.append(up)
        downs.append(down)
    return directions, ups, downs


def average_uniqueness(first_bar, last_bar):
    """Mean over each label's bars of one over the labels open at the bar."""
    spans = list(zip(first_bar, last_bar, strict=True))
    out = []
    for first, last in spans:
        total = 0.0
        for bar in range(first, last + 1):
            total += 1 / sum(a <= bar <= b for a, b in spans)
        out.append(total / (last - first + 1))
    return out


def touch_of_bar(opened, low, high, *, stop, target):
    """What one bar does to a trade: ``("loss" or "profit", level)``, or None; ``opened`` is NaN where unusable."""
    if not math.isnan(opened) and (opened <= -stop or opened >= target):
        return ("loss" if opened < 0 else "profit"), opened
    if low <= -stop:
        return "loss", -stop if high > -stop else high
    if high >= target:
        return "profit", target if low < target else low
    return None


def first_touch(bars, *, entry, side, target, stop, horizon_bars, enters_at_open, opens_are_real):
    """``(exit bar, what ended it, level)`` of one event; ``bars`` are (return, open, high, low), logs.

    Open, high and low are over the bar's close; levels count from the fill, up is where the trade earns.
    """
    if entry >= len(bars):
        return -1, "unresolved", NAN
    entry_return, entry_open, _, _ = bars[entry]
    if math.isnan(entry_return) or (enters_at_open and math.isnan(entry_open)):
        return entry, "unfilled", NAN
    close, bar, left = 0.0, entry, horizon_bars  # never minus zero
    if enters_at_open:
        close, left = 0.0 - side * entry_open, left - 1
        ended = touch_of_bar(NAN, *_extremes(bars[bar], close, side), stop=stop, target=target)
        if ended:
            return bar, *ended
    while left:
        bar, left = bar + 1, left - 1
        if bar == len(bars):
            return -1, "unresolved", NAN
        if math.isnan(bars[bar][0]):
            return bar, "gap", close
        close += side * bars[bar][0]
        opened = close + side * bars[bar][1] if opens_are_real else NAN
        ended = touch_of_bar(opened, *_extremes(bars[bar], close, side), stop=stop, target=target)
        if ended:
            return bar, *ended
    return bar, "time", close


def _extremes(bar, close, side):
    """Worst and best level of a bar for the trade."""
    high, low = (0.0 if math.isnan(x) else side * x for x in bar[2:])
    return (close + low, close + high) if side > 0 else (close + high, close + low)


def book_daily_volatility(close, span=100):
    """Deviation of one-day returns, weighted exponentially: Lopez de Prado (2018), snippet 3.1."""
    before = close.index.searchsorted(close.index - pd.Timedelta(days=1))
    before = before[before > 0]
    now = close.index[close.shape[0] - before.shape[0] :]
    returns = close.loc[now] / close.loc[close.index[before - 1]].to_numpy() - 1
    return returns.ewm(span=span).std()


def book_first_touches(close, events):
    """First touches as the book's own pandas loop finds them: Lopez de Prado (2018), snippets 3.2 and 3.6.

    ``events`` has ``t1`` (vertical barrier), ``trgt`` (of both horizontal barriers, simple return) and
    ``side`` by time of the event; only closes are known. The result has ``t1``, ``sl`` and ``pt``, the time
    each barrier is first crossed.
    """
    out = events[["t1"]].copy(deep=True)
    out["sl"] = pd.Series(pd.NaT, index=events.index, dtype=close.index.dtype)
    out["pt"] = pd.Series(pd.NaT, index=events.index, dtype=close.index.dtype)
    pt, sl = events["trgt"], -events["trgt"]
    for loc, t1 in events["t1"].fillna(close.index[-1]).items():
        df0 = close[loc:t1]
        df0 = (df0 / close[loc] - 1) * events.at[loc, "side"]
        out.loc[loc, "sl"] = df0[df0 < sl[loc]].index.min()
        out.loc[loc, "pt"] = df0[df0 > pt[loc]].index.min()
    return out


def event_book(bars, candidates, *, limits, how):
    """Fills and refusals, the book's equity and each leg's capital after every session, of a book that counts units and cash.

    ``bars`` is a list of sessions, each a list of bars, each ``{leg: (return, open, high, low, is traded)}`` in logs over the
    close; ``candidates[leg, bar]`` are the events decided at that bar's close, best first, as
    ``(side, size, target, stop, cost, block)``.
    """
    legs = list(bars[0][0])
    price, cash, units = dict.fromkeys(legs, 1.0), dict.fromkeys(legs, 1.0), dict.fromkeys(legs, 0.0)
    trade, waiting, wanted_flat = dict.fromkeys(legs), dict.fromkeys(legs), dict.fromkeys(legs)
    free_at, budget = dict.fromkeys(legs, 0), dict.fromkeys(legs, limits.turnover_cap)
    log, equities, capitals = [], [], []
    equity, peak, killed_for, t = 1.0, 1.0, 0, 0

    def worth(leg):
        return cash[leg] + units[leg] * price[leg]

    def out(leg, at_price, rule):
        value = abs(units[leg]) * at_price
        cash[leg] += units[leg] * at_price - 0.5 * trade[leg]["cost"] * value
        log.append((t, leg, "exit", rule, trade[leg]["decided"]))
        budget[leg] = max(0.0, budget[leg] - value / cash[leg])
        units[leg], trade[leg], wanted_flat[leg], free_at[leg] = 0.0, None, None, t + how.cooldown_bars

    def through(leg, bar, *, opened):
        """The position in one bar, its level after it known; out where a barrier, the time or a rule says so."""
        own = trade[leg]
        low, high = _extremes(bar[:4], own["level"], own["side"])
        target = own["target"] if bar[4] and own["held"] >= how.min_holding_bars else math.inf
        touch = touch_of_bar(opened, low, high, stop=own["stop"], target=target)
        if touch:
            out(leg, own["fill"] * math.exp(own["side"] * touch[1]), touch[0])
        elif own["held"] == how.horizon_bars:
            out(leg, price[leg], "time")
        elif wanted_flat[leg] and not how.enters_at_open and bar[4]:
            out(leg, price[leg], wanted_flat[leg])

    for session in bars:
        if killed_for == 1:
            peak = equity
        killed_for = max(0, killed_for - 1)
        at_open, equity_at_open, stopped = {leg: worth(leg) for leg in legs}, equity, False
        for leg in legs:
            budget[leg] = min(limits.turnover_cap, budget[leg] + limits.turnover_cap / limits.turnover_sessions)
        for now in session:
            for leg in legs:
                bar, own, order = now[leg], trade[leg], waiting[leg]
                change, opened, _, _, is_traded = bar
                if own is not None and math.isnan(change):
                    out(leg, price[leg], "gap")
                    continue
                price[leg] *= 1.0 if math.isnan(change) else math.exp(change)
                at = price[leg] * math.exp(opened) if not math.isnan(opened) else NAN
                if own is not None:
                    own["level"] += own["side"] * change
                    if wanted_flat[leg] and how.enters_at_open and is_traded and not math.isnan(opened):
                        out(leg, at, wanted_flat[leg])
                        continue
                    own["held"] += 1
                    through(leg, bar, opened=own["level"] + own["side"] * opened if how.opens_are_real else NAN)
                elif order is not None:
                    decided, side, size, target, stop, cost = order
                    waiting[leg], fill = None, at if how.enters_at_open else price[leg]
                    if not is_traded or math.isnan(change) or math.isnan(fill):
                        log.append((t, leg, "lapse", "no_price", decided))
                        continue
                    value = size * worth(leg)
                    units[leg] = side * value / fill
                    cash[leg] -= units[leg] * fill + 0.5 * cost * value
                    budget[leg] = max(0.0, budget[leg] - size)
                    log.append((t, leg, "enter", "event", decided))
                    trade[leg] = {"decided": decided, "side": side, "target": target, "stop": stop, "cost": cost,
                                  "fill": fill, "level": 0.0, "held": 0}  # fmt: skip
                    if how.enters_at_open:
                        trade[leg] |= {"level": -side * opened, "held": 1}
                        through(leg, bar, opened=NAN)
            change = mean([worth(leg) / at_open[leg] for leg in legs]) - 1
            equity = equity_at_open * (1 + change)
            peak = max(peak, equity)
            if not killed_for and 1 - equity / peak >= limits.drawdown_stop:
                killed_for = limits.rearm_sessions
            stopped = stopped or -change >= limits.session_loss_stop
            rule = "drawdown_kill_switch" if killed_for else "session_loss_stop" if stopped else None
            for leg in legs:
                if trade[leg] and rule:
                    wanted_flat[leg] = rule
                for side, size, target, stop, cost, block in candidates.get((leg, t), []):
                    why = block or rule
                    if not why and (trade[leg] or waiting[leg]):
                        why = "position_open"
                    if not why and t < free_at[leg]:
                        why = "cooldown"
                    if not why and 2 * size > budget[leg]:
                        why = "turnover_governor"
                    log.append((t, leg, "block" if why else "order", why or "event", t))
                    if not why:
                        waiting[leg] = (t, side, size, target, stop, cost)
            t += 1
        equities.append(equity)
        capitals.append({leg: worth(leg) for leg in legs})
    return log, equities, capitals


def utilities(gross, position, weights, *, horizon, lambda_dd, lambda_tc, cost_frac, before):
    """Utility of every weight for every decision, and the weight chosen, one candidate and one session at a time.

    A weight decided at the close of t is bought at the close of t + 1 and left to drift for ``horizon`` sessions.
    """
    utility, chosen = [], []
    for t in range(len(gross) - 1 - horizon):
        moved = [before * gross[t + 1][0], (1.0 - before) * gross[t + 1][1]]
        before = moved[0] / (moved[0] + moved[1])
        worth = []
        for w in weights:
            held, peak, fall = [w, 1.0 - w], 1.0, 0.0
            for session in range(t + 2, t + 2 + horizon):
                held = [held[0] * gross[session][0], held[1] * gross[session][1]]
                peak = max(peak, held[0] + held[1])
                fall = max(fall, 1.0 - (held[0] + held[1]) / peak)
            traded = abs(w - before) * position[t + 1][0] + abs((1.0 - w) - (1.0 - before)) * position[t + 1][1]
            worth.append(held[0] + held[1] - 1.0 - lambda_dd * fall - lambda_tc * cost_frac * traded)
        utility.append(worth)
        best = [i for i in range(len(weights)) if worth[i] == max(worth)]
        chosen.append(min(best, key=lambda i: (abs(weights[i] - before), i)))
        before = weights[chosen[-1]]
    return utility, chosen


def allocated_equity(gross, position, targets, *, qqq, spy, cost_frac):
    """Money in each sleeve and in cash, session by session; ``targets[t]`` is decided at t and filled at t + 1."""
    money, cash, equity, wanted = [qqq, spy], 1.0 - qqq - spy, [], None
    for t in range(len(gross)):
        money = [money[0] * gross[t][0], money[1] * gross[t][1]]
        total = money[0] + money[1] + cash
        if wanted is not None:
            goal = [wanted[0] * total, wanted[1] * total]
            cost = sum(cost_frac * abs(goal[leg] - money[leg]) * position[t][leg] for leg in (0, 1))
            kept = 1.0 - cost / total
            money, cash = [goal[0] * kept, goal[1] * kept], (total - goal[0] - goal[1]) * kept
        equity.append(money[0] + money[1] + cash)
        wanted = targets[t]
    return equity


def rank_correlation(a, b):
    """Spearman's, with every rank counted out; None where either side is all of one value."""

    def ranks(values):
        return [sum(o < v for o in values) + (sum(o == v for o in values) + 1) / 2 for v in values]

    if len(set(a)) < 2 or len(set(b)) < 2:
        return None
    return correlation(ranks(a), ranks(b))


def best_models(predictions, targets, models, top):
    """The ``top`` models by mean rank correlation over the dates, and the score of every symbol on every date.

    ``predictions[model][date][symbol]`` and ``targets[date][symbol]`` hold every symbol of a date.
    """
    worth = {}
    for model in models:
        found = []
        for date, outcome in targets.items():
            symbols = sorted(outcome)
            if len(set(outcome.values())) > 1:
                ic = rank_correlation([predictions[model][date][s] for s in symbols], [outcome[s] for s in symbols])
                found.append(ic or 0.0)
        worth[model] = sum(found) / len(found)
    best = sorted(sorted(models), key=lambda model: worth[model], reverse=True)[:top]
    scores = {}
    for date in targets:
        for symbol in targets[date]:
            total = 0.0
            for model in best:
                own = predictions[model][date]
                below, same = sum(v < own[symbol] for v in own.values()), sum(v == own[symbol] for v in own.values())
                total += (below + (same - 1) / 2) / (len(own) - 1) - 0.5
            scores[date, symbol] = total / top
    return set(best), scores


def skill(scores, returns, top_n):
    """Rank correlation, correlation, mean return of the top names and of all, of one date."""
    symbols = sorted(scores)
    order = sorted(symbols, key=lambda s: (-scores[s], s))
    s, r = [scores[x] for x in symbols], [returns[x] for x in symbols]
    return (
        rank_correlation(s, r),
        correlation(s, r) if len(set(s)) > 1 and len(set(r)) > 1 else None,
        mean([returns[x] for x in order[:top_n]]),
        mean(r),
    )


def sharpe(values):
    return mean(values) / std(values)


def chosen_out_of_sample(returns, n_blocks):
    """Rank and Sharpe ratios of the best trial of every half: list of (inside, outside, rank, n_trials)."""
    n, k = len(returns), len(returns[0])
    blocks = [range(b * n // n_blocks, (b + 1) * n // n_blocks) for b in range(n_blocks)]
    out = []
    for half in itertools.combinations(range(n_blocks), n_blocks // 2):
        inside = [t for b in half for t in blocks[b]]
        outside = [t for t in range(n) if t not in inside]
        chosen = [sharpe([returns[t][j] for t in inside]) for j in range(k)]
        later = [sharpe([returns[t][j] for t in outside]) for j in range(k)]
        best = chosen.index(max(chosen))
        rank = 1 + sum(v < later[best] for v in later)
        out.append((chosen[best], later[best], rank, k))
    return out


def stationary_bootstrap(n, block, uniform, integer):
    """Periods of one resample, drawn one by one: ``uniform[t]`` decides whether a block starts at ``integer[t]``."""
    periods = []
    for t in range(n):
        starts = t == 0 or uniform[t] < 1.0 / block
        periods.append(int(integer[t]) if starts else (periods[-1] + 1) % n)
    return periods


def student(values, centre):
    """t statistic of the mean against a centre, by the deviation that divides by n."""
    m = mean(values)
    return (m - centre) / math.sqrt(math.fsum((v - m) ** 2 for v in values) / len(values)) * math.sqrt(len(values))


def superior(active, resamples):
    """Share of resamples, the sample itself counted in, whose largest t reaches the largest of the sample."""
    n, columns = len(active), list(zip(*active, strict=True))
    t = [student(column, 0.0) for column in columns]
    hopeless = -math.sqrt(2.0 * math.log(math.log(n)))
    reached = 1
    for periods in resamples:
        largest = max(
            student([column[s] for s in periods], mean(column) if own >= hopeless else 0.0)
            for column, own in zip(columns, t, strict=True)
        )
        reached += largest >= max(t)
    return reached / (len(resamples) + 1) if max(t) > 0 else 1.0


def mean_silhouette(distance, labels):
    """Rousseeuw's silhouette, trial by trial."""
    each = []
    for i, own in enumerate(labels):
        to = {g: [distance[i][j] for j in range(len(labels)) if j != i and labels[j] == g] for g in set(labels)}
        a, b = to[own], min(mean(to[g]) for g in to if g != own)
        each.append((b - mean(a)) / max(mean(a), b) if a and max(mean(a), b) > 0 else 0.0)
    return mean(each)


def is_in(weights, region, *, tolerance=1e-9):
    """Whether weights are in a region of portfolios: bounds, the share invested, rows, and the distance held to."""
    rows = [sum(a * w for a, w in zip(row, weights, strict=True)) for row in region.rows]
    limited = zip(region.row_lower, rows, region.row_upper, strict=True)
    moved = 0.0 if region.held is None else sum(abs(w - h) for w, h in zip(weights, region.held, strict=True))
    return (
        all(low - tolerance <= w <= high + tolerance for low, w, high in zip(region.lower, weights, region.upper, strict=True))
        and abs(sum(weights) - region.invested) <= tolerance
        and all(low - tolerance <= value <= high + tolerance for low, value, high in limited)
        and moved <= region.distance + tolerance
    )  # fmt: skip


def weights_in(region, rng, *, many):
    """Corners of a region of bounds and disjoint row caps, filled in a random order, and mixtures of them."""
    found = []
    for _ in range(many):
        weights = [float(w) for w in region.lower]
        for i in rng.permutation(len(weights)):
            room = [region.upper[i] - weights[i], region.invested - sum(weights)]
            for row, cap in zip(region.rows, region.row_upper, strict=True):
                if row[i]:
                    room.append(cap - sum(a * w for a, w in zip(row, weights, strict=True)))
            weights[i] += max(0.0, min(room))
        found.append([float(w) for w in weights])
    mixed = [[(a + b) / 2 for a, b in zip(x, y, strict=True)] for x, y in itertools.pairwise(found)]
    return found + mixed
