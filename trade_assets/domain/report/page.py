"""What every page shares: head, style, macros, script, and the numbers written for people."""

from collections.abc import Mapping, Sequence

import jinja2
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from trade_assets.domain.report import traces, writing
from trade_assets.domain.report.charts import Chart


def render(template: str, page: Mapping[str, object], shown: Sequence[Chart], sessions: Sequence[str]) -> str:
    """One self-contained page; Plotly comes along where there is something to draw.

    Parameters
    ----------
    template : str
        File beside this module.
    page : mapping
        What the template reads.
    shown : sequence of Chart
        Charts by id, those that are missing too.
    sessions : sequence of str
        Dates the charts share.
    """
    drawn = {chart.id: chart.figure for chart in shown if chart.figure}
    return ENVIRONMENT.get_template(template).render(
        **page,
        charts={chart.id: chart for chart in shown},
        figures=drawn,
        sessions=list(sessions),
        palettes={"light": traces.LIGHT, "dark": traces.DARK},
        plotly=Markup(get_plotlyjs()) if drawn else "",
        font=traces.FONT,
    )


ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("trade_assets.domain.report", "."),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters |= {filter_.__name__: filter_ for filter_ in writing.FILTERS}
