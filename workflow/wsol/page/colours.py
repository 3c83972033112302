"""The page's colours in its figures: style.css says them once.

In the page a figure is drawn with `var(--accent)`, so it follows the theme without being drawn again, on paper too. As
a file of its own it has the light theme's colours.
"""

import json
import re
from typing import Any

from wsol.page import browser

FONT = "system-ui, 'Segoe UI', 'Liberation Sans', 'DejaVu Sans', sans-serif"
VARIABLE = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{3,6})\b")


def configuration() -> dict[str, Any]:
    """Vega-Lite's configuration of every figure, with the page's colours by their names."""
    axis = {"domainColor": "var(--line)", "gridColor": "var(--line)", "tickColor": "var(--line)"}
    words = {"labelColor": "var(--soft)", "titleColor": "var(--soft)", "labelFontSize": 12, "titleFontSize": 12}
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": {**axis, **words, "titleFontWeight": "normal", "labelFontSize": 12, "gridOpacity": 0.6},
        "axisY": {"labelColor": "var(--ink)"},
        "header": {
            "labelColor": "var(--ink)",
            "labelFontSize": 12,
            "labelFontWeight": 600,
            "labelPadding": 4,
            "labelBaseline": "bottom",
        },
        "legend": {**words, "labelColor": "var(--ink)"},
        "point": {"filled": True, "opacity": 1},
        "text": {"color": "var(--ink)", "fontSize": 11},
        "facet": {"spacing": 18},
    }


def light() -> dict[str, str]:
    """The light theme's colours by their names, the first that style.css says of each.

    >>> sorted(light())[:3], light()["paper"]
    (['accent', 'bad', 'control'], '#ffffff')
    """
    found: dict[str, str] = {}
    for name, colour in VARIABLE.findall(browser.text("style.css")):
        found.setdefault(name, colour)
    return found


def fixed(spec: Any) -> Any:
    """A specification, or a configuration, with the light theme's colours in the place of their names."""
    colours = light()
    return json.loads(re.sub(r"var\(--([\w-]+)\)", lambda name: colours[name[1]], json.dumps(spec)))
