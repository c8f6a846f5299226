"""The models of one retrain date: probabilities, expected returns and quantiles of an event's net return.

Everything is fitted on the training rows; the calibration block stops boosting early and calibrates;
the weights of the score and the threshold of the baseline come from the inner folds. Nothing is read
from the test window.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from trade_assets.domain.events.bar_features import BAR_FEATURES
from trade_assets.domain.events.folds import EventFold
from trade_assets.domain.models import boosting, calibration, least_squares, logistic, quantiles
from trade_assets.domain.models.rows import Rows

CLASSIFIERS = ("logistic", "lightgbm")
REGRESSORS = ("ridge", "elastic_net")
QUANTILE_MODELS = {"quantile_10": 0.1, "quantile_50": 0.5, "quantile_90": 0.9}
EVENT_FEATURES = ("cusum_direction", "tp_to_cost", "log_volatility")
FEATURES = (*BAR_FEATURES, *EVENT_FEATURES)
DIRECTIONAL = {name for name, feature in BAR_FEATURES.items() if feature.directional} | {"cusum_direction"}


@dataclass(frozen=True)
class Parameters:
    """How the models of a date are fitted.

    ``label`` is what the classifiers predict: ``net`` a positive net return, ``target`` the profit barrier first.
    ``classifier`` and ``regressor`` are the two whose forecasts make the score; the others are fitted and recorded.
    """

    label: str
    classifier: str
    regressor: str
    logistic_c: float
    ridge_alpha: float
    elastic_net_alpha: float
    l1_ratio: float
    lightgbm: Mapping[str, object]
    num_boost_round: int
    early_stopping_rounds: int
    early_stopping_min_rows: int
    isotonic_from_rows: int
    platt_from_rows: int
    calibration_prior_events: float
    min_train_rows: int


@dataclass(frozen=True)
class Job:
    """One retrain date: the final fold, the inner ones, and how to fit."""

    as_of: pd.Timestamp
    final: EventFold
    inner: list[EventFold]
    parameters: Parameters


@dataclass(frozen=True)
class FittedModel:
    """One model as text, with its calibrator where it gives probabilities, and what the calibration block says of it."""

    name: str
    text: str
    calibrator: str | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    diagnostics: Mapping[str, float] = field(default_factory=dict)
    contributions: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Fitted:
    """All models of a retrain date, the weight of the structural score, and the baseline's threshold."""

    as_of: pd.Timestamp
    models: list[FittedModel]
    n_train_rows: int
    n_calibration_rows: int
    w_struct: float
    mock_threshold: float
    crossing_rate: float


def features_of(events: pd.DataFrame, bar_features: pd.DataFrame) -> pd.DataFrame:
    """What the models read of each event: the features of its bar, seen in the direction of the trade, and its geometry."""
    keys = ["decision_utc", "symbol", "side"]
    bars = bar_features[["bar_end_utc", "symbol", *BAR_FEATURES]].rename(columns={"bar_end_utc": "decision_utc"})
    own = events[[*keys, "cusum_direction", "tp_to_cost", "volatility"]]
    rows = own.merge(bars, on=["decision_utc", "symbol"], how="left", validate="many_to_one")
    rows = rows.assign(log_volatility=np.log(rows["volatility"]))
    side = rows["side"].to_numpy(dtype=float)
    values = {f"x_{n}": rows[n].to_numpy(dtype=float) * (side if n in DIRECTIONAL else 1.0) for n in FEATURES}
    return pd.concat([rows[keys], pd.DataFrame(values)], axis=1)


def fit(job: Job) -> Fitted | None:
    """Fit every model of the date; None where the training rows are too few."""
    p, train, block = job.parameters, job.final.train, job.final.calibration
    if len(train) < p.min_train_rows:
        return None
    models = [
        *(classifier(name, train, block, p) for name in CLASSIFIERS),
        *(
            FittedModel(name, regressor(name, train, p), parameters=_regressor_parameters(name, p))
            for name in REGRESSORS
        ),
        *_quantile_models(train, p),
    ]
    texts = tuple(m.text for m in models if m.name in QUANTILE_MODELS)
    seen = pd.concat([train, block])
    _, crossed = quantiles.predict_from([read(text) for text in texts], x_of(seen))
    w_struct, mock_threshold = tuned_on_inner(job.inner, p)
    return Fitted(job.as_of, models, len(train), len(block), w_struct, mock_threshold, float(crossed.mean()))


def read(text: str) -> Callable[[np.ndarray], np.ndarray]:
    """What a stored model says of rows; a linear or constant model is JSON, a boosted one LightGBM's text."""
    return least_squares.read_linear(text) if text.startswith("{") else boosting.read_lightgbm(text)


def x_of(rows: pd.DataFrame) -> np.ndarray:
    """Features of shape (rows, features)."""
    return np.ascontiguousarray(rows[[f"x_{n}" for n in FEATURES]].to_numpy(dtype=float))


def label_of(rows: pd.DataFrame, label: str) -> np.ndarray:
    """What a classifier predicts, 0 or 1."""
    return (rows["barrier"] == "profit").to_numpy(dtype=float) if label == "target" else rows["y"].to_numpy(dtype=float)


def tuned_on_inner(folds: list[EventFold], p: Parameters) -> tuple[float, float]:
    """Weight of the structural score, and threshold of the linear baseline, from the inner folds' tests.

    The weight minimises the squared error of ``w ev_struct + (1 - w) ev_ml`` (closed form, kept within [0, 1]); 0.5 where
    no inner fold has enough rows or both scores agree. The threshold, one of the deciles of the linear score, maximises
    the summed net return of the events above it; infinite where every choice loses.
    """
    parts = [_inner_scores(fold, p) for fold in folds if len(fold.train) >= p.min_train_rows and len(fold.test)]
    if not parts:
        return 0.5, float("inf")
    struct, ml, linear, net = (np.concatenate(column) for column in zip(*parts, strict=True))
    apart = struct - ml
    squares = float(apart @ apart)
    w = float(np.clip(apart @ (net - ml) / squares, 0.0, 1.0)) if squares > 0 else 0.5
    thresholds = np.quantile(linear, np.linspace(0.0, 0.9, 10))
    gains = [float(net[linear >= t].sum()) for t in thresholds]
    best = int(np.argmax(gains))
    return w, float(thresholds[best]) if gains[best] > 0 else float("inf")


def struct_score(p: np.ndarray, rows: pd.DataFrame) -> np.ndarray:
    """``p a_tp - (1 - p) b_sl - cost_rt`` (R-057)."""
    return p * rows["a_tp"].to_numpy() - (1 - p) * rows["b_sl"].to_numpy() - rows["cost_rt"].to_numpy()


def _inner_scores(fold: EventFold, p: Parameters) -> tuple[np.ndarray, ...]:
    of_label = classifier(p.classifier, fold.train, fold.calibration, p, explain=False)
    x = x_of(fold.test)
    probability = calibration.read_calibrator(of_label.calibrator)(read(of_label.text)(x))
    linear = read(regressor("ridge", fold.train, p))(x)
    ml = linear if p.regressor == "ridge" else read(regressor(p.regressor, fold.train, p))(x)
    return struct_score(probability, fold.test), ml, linear, fold.test["net_logret"].to_numpy()


def classifier(
    name: str, train: pd.DataFrame, block: pd.DataFrame, p: Parameters, *, explain: bool = True
) -> FittedModel:
    """One classifier with its calibrator; ``explain`` adds the mean contributions of the features."""
    y, of_block = label_of(train, p.label), label_of(block, p.label)
    rows = Rows(x_of(train), y, train["weight"].to_numpy())
    rounds, contributions = None, None
    if name == "logistic" or y.min() == y.max():
        text = logistic.fit_logistic(rows, c=p.logistic_c)
    else:
        text, rounds = _boosted(rows, Rows(x_of(block), of_block, np.ones(len(block))), p)
        contributions = _contributions(text, rows.x) if explain else None
    raw = read(text)(x_of(block)) if len(block) else np.zeros(0)
    calibrator = calibration.fit_calibrator(
        raw,
        of_block,
        isotonic_from_rows=p.isotonic_from_rows,
        min_rows=p.platt_from_rows,
        weight=block["uniqueness"].to_numpy(),
        prior_rows=p.calibration_prior_events,
    )
    calibrated = calibration.read_calibrator(calibrator)(raw)
    diagnostics = {
        "brier_before": calibration.brier_score(raw, of_block),
        "brier_after": calibration.brier_score(calibrated, of_block),
        "ece_before": calibration.expected_calibration_error(raw, of_block),
        "ece_after": calibration.expected_calibration_error(calibrated, of_block),
    }
    used = {"rounds": rounds} | dict(p.lightgbm) if rounds is not None else {"c": p.logistic_c}
    return FittedModel(name, text, calibrator, used, diagnostics, contributions)


def _boosted(train: Rows, block: Rows, p: Parameters) -> tuple[str, int]:
    import lightgbm as lgb

    parameters = {"objective": "binary"} | dict(p.lightgbm) | boosting.LIGHTGBM_FIXED
    rows = lgb.Dataset(train.x, train.y, weight=train.weight, params=boosting.LIGHTGBM_FIXED)
    stops = len(block) >= p.early_stopping_min_rows and block.y.min() < block.y.max()
    watched = {
        "valid_sets": [lgb.Dataset(block.x, block.y, reference=rows, params=boosting.LIGHTGBM_FIXED)],
        "callbacks": [lgb.early_stopping(p.early_stopping_rounds, verbose=False)],
    }
    booster = lgb.train(parameters, rows, num_boost_round=p.num_boost_round, **(watched if stops else {}))
    rounds = booster.best_iteration if stops else booster.current_iteration()
    return booster.model_to_string(num_iteration=rounds), rounds


def _contributions(text: str, x: np.ndarray) -> dict[str, float]:
    """Mean absolute SHAP value of each feature on the training rows, log odds."""
    import lightgbm as lgb

    shap = np.asarray(lgb.Booster(model_str=text).predict(x, pred_contrib=True, num_threads=1))
    return dict(zip(FEATURES, np.abs(shap[:, :-1]).mean(axis=0).tolist(), strict=True))


def regressor(name: str, train: pd.DataFrame, p: Parameters) -> str:
    """One linear model of the net return, as text."""
    rows = Rows(x_of(train), train["net_logret"].to_numpy(), train["weight"].to_numpy())
    if name == "ridge":
        return least_squares.fit_ridge(rows, alpha_share=p.ridge_alpha)
    return least_squares.fit_elastic_net(rows, alpha_share=p.elastic_net_alpha, l1_ratio=p.l1_ratio)


def _regressor_parameters(name: str, p: Parameters) -> dict[str, object]:
    return {"alpha": p.ridge_alpha} if name == "ridge" else {"alpha": p.elastic_net_alpha, "l1_ratio": p.l1_ratio}


def _quantile_models(train: pd.DataFrame, p: Parameters) -> list[FittedModel]:
    import lightgbm as lgb

    y = train["net_logret"].to_numpy()
    rows = lgb.Dataset(x_of(train), y, weight=train["weight"].to_numpy(), params=boosting.LIGHTGBM_FIXED)
    models = []
    for name, alpha in QUANTILE_MODELS.items():
        own = {"objective": "quantile", "alpha": alpha} | dict(p.lightgbm) | boosting.LIGHTGBM_FIXED
        booster = lgb.train(own, rows, num_boost_round=p.num_boost_round)
        models.append(FittedModel(name, booster.model_to_string(), parameters=dict(p.lightgbm) | {"alpha": alpha}))
    return models


def entries(fitted: Fitted, store: Callable[[list[str]], list[str]]) -> pd.DataFrame:
    """Rows of ``calibrated_models`` for one retrain date; ``store`` keeps texts and gives their addresses."""
    rows = []
    for model in fitted.models:
        kept = store([model.text] if model.calibrator is None else [model.text, model.calibrator])
        method = None if model.calibrator is None else json.loads(model.calibrator)["method"]
        rows.append(
            {
                "rebalance_date": fitted.as_of,
                "retrain_date": fitted.as_of,
                "model": model.name,
                "artifact_sha256": kept[0],
                "calibrator_sha256": kept[1] if len(kept) > 1 else None,
                "calibration_method": method,
                "parameters": json.dumps(dict(model.parameters), sort_keys=True),
                "n_train_rows": fitted.n_train_rows,
                "n_calibration_rows": fitted.n_calibration_rows,
                **{name: model.diagnostics.get(name, np.nan) for name in ("brier_before", "brier_after", "ece_before", "ece_after")},
                "crossing_rate": fitted.crossing_rate if model.name in QUANTILE_MODELS else np.nan,
                "contributions": None if model.contributions is None else json.dumps(dict(model.contributions), sort_keys=True),
                "w_struct": fitted.w_struct,
                "mock_threshold": fitted.mock_threshold if np.isfinite(fitted.mock_threshold) else np.nan,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def tracked(fit: pd.DataFrame) -> tuple[dict[str, object], dict[str, float]]:
    """Parameters and metrics of the rows of one fit, for its training run."""
    first = fit.iloc[0]
    parameters = {name: first[name] for name in ("n_train_rows", "n_calibration_rows", "w_struct", "mock_threshold")}
    metrics = {
        f"{name}_{row.model}": getattr(row, name)
        for row in fit.itertuples()
        for name in ("brier_before", "brier_after", "ece_before", "ece_after", "crossing_rate")
    }
    return parameters, metrics
