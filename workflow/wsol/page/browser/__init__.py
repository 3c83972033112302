"""What a browser is given: templates, styles and scripts, as they are, in the order in which the page has them.

They are named here, beside them, so that an edit of one is seen as an edit of the stage that uses it.
"""

from pathlib import Path

TEMPLATES = ("page.html", "macros.html", "evaluation.html", "training.html", "foot.html", "gallery.html")
STYLES = ("style.css", "gallery.css")
# The gallery's last: each uses those before it.
GALLERY = ("resizing.js", "cutting.js", "drawing.js", "panels.js", "cards.js", "gallery.js")
SCRIPTS = ("state.js", "theme.js", "tables.js", "copy.js", "figures.js", "about.js", *GALLERY)


def text(name: str) -> str:
    """One of them."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
