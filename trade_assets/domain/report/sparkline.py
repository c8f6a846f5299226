"""A plot small enough for a line of metadata: plain SVG, no library, no script."""

import base64

import numpy as np


def sparkline_svg(values: np.ndarray, *, width: int = 320, height: int = 64) -> str:
    """A line through the values as an SVG document; without two known values, a box that says so.

    Longer series are drawn as the range of the values that share a pixel, so no extreme is lost.

    Parameters
    ----------
    values : ndarray of shape (n,)
        NaN are left out.
    width, height : int
        Pixels.
    """
    values = np.asarray(values, dtype=np.float64)
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return _document(width, height, '<text x="6" y="20" fill="#6b7280">no history</text>')
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in _points(known, width, height))
    stroke = 'fill="none" stroke="#0b5fa5" stroke-width="1.4" stroke-linejoin="round"'
    return _document(width, height, f'<polyline points="{points}" {stroke}/>')


def sparkline_markdown(values: np.ndarray, *, alt: str = "plot", width: int = 320, height: int = 64) -> str:
    """The same plot as a Markdown image that needs no file and no network."""
    svg = base64.b64encode(sparkline_svg(values, width=width, height=height).encode()).decode()
    return f"![{alt}](data:image/svg+xml;base64,{svg})"


def _points(values: np.ndarray, width: int, height: int, margin: int = 3) -> np.ndarray:
    low, high = values.min(), values.max()
    share = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    x = np.linspace(margin, width - margin, len(values))
    y = height - margin - share * (height - 2 * margin)
    return np.column_stack([x, y])[_extremes(y, np.round(x).astype(int))]


def _extremes(y: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    edges = np.flatnonzero(np.diff(pixel)) + 1
    columns = np.split(np.arange(len(y)), edges)
    kept = [{c[0], c[-1], c[np.argmin(y[c])], c[np.argmax(y[c])]} for c in columns]
    return np.array(sorted(set().union(*kept)))


def _document(width: int, height: int, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">{body}</svg>'
    )
