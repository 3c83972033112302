"""Tables as the page shows them and as files: Markdown, LaTeX with booktabs, CSV. The same words in each."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import pandas as pd

from wsol.page.answers import between

NAN = float("nan")
ESCAPED = {
    **{char: f"\\{char}" for char in "&%$#_{}"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "−": "$-$", "–": "--"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "≥": r"$\geq$", "×": r"$\times$"},
}


class Entry(NamedTuple):
    """What stands in one place of a table: words, and the number that they are of, where it is one."""

    text: str
    value: float = NAN  # what the column is sorted by, unless it is of words
    low: float = NAN
    high: float = NAN
    notes: tuple[str, ...] = ()  # further words, on the page alone
    link: str = ""  # where the page leads to from here

    @property
    def words(self) -> str:
        """The text and its interval."""
        return f"{self.text} {between(self.low, self.high)}".strip()


class Column(NamedTuple):
    """A heading, and how the entries below it are to be read."""

    name: str
    numbers: bool = True  # else words
    about: str = ""  # which definition the heading opens, `metric:NAME`
    drawn: tuple[float, float] | None = None  # the span that intervals are drawn in, where they are


class Sheet(NamedTuple):
    """A table: its first column names the rows."""

    caption: str
    columns: list[Column]
    rows: list[list[Entry]]
    kinds: Sequence[str] = ()  # of each row: best, equal, control or ""; none where no row stands out
    note: str = ""  # what is said below it

    def kind(self, row: int) -> str:
        """What a row is marked as."""
        return self.kinds[row] if self.kinds else ""


def number(value: float, low: float = NAN, high: float = NAN, notes: Iterable[str] = (), link: str = "") -> Entry:
    """An entry of a number, to one decimal; an empty one where there is none."""
    if pd.isna(value):
        return Entry("")
    return Entry(f"{value:.1f}".replace("-", "−"), float(value), float(low), float(high), tuple(notes), link)


def markdown(sheet: Sheet) -> str:
    """The table in Markdown.

    >>> row = [Entry("x"), Entry("1.0", 1, 0.5, 1.5)]
    >>> print(markdown(Sheet("", [Column("run", False), Column("a|b")], [row])), end="")
    | run | a\\|b |
    |---|---:|
    | x | 1.0 [0.5 1.5] |
    """
    lines = [[column.name for column in sheet.columns], *([entry.words for entry in row] for row in sheet.rows)]
    head, *body = [f"| {' | '.join(word.replace('|', chr(92) + '|') for word in line)} |" for line in lines]
    rule = f"|{'|'.join('---:' if column.numbers else '---' for column in sheet.columns)}|"
    return "\n".join([head, rule, *body]) + "\n"


def latex(sheet: Sheet) -> str:
    """The table as a LaTeX tabular with booktabs' rules.

    >>> print(latex(Sheet("", [Column("run", False), Column("50 %")], [[Entry("a_b"), Entry("1.0")]])), end="")
    \\begin{tabular}{lr}
    \\toprule
    run & 50 \\% \\\\
    \\midrule
    a\\_b & 1.0 \\\\
    \\bottomrule
    \\end{tabular}
    """
    lines = [[column.name for column in sheet.columns], *([entry.words for entry in row] for row in sheet.rows)]
    head, *body = [" & ".join(map(_escaped, line)) + r" \\" for line in lines]
    letters = "".join("r" if column.numbers else "l" for column in sheet.columns)
    rules = [
        rf"\begin{{tabular}}{{{letters}}}",
        r"\toprule",
        head,
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(rules) + "\n"


def _escaped(text: str) -> str:
    return "".join(ESCAPED.get(char, char) for char in text)


def comma_separated(sheet: Sheet) -> str:
    """The table as CSV: a number as it was before it was rounded, its interval in two more columns."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    with_intervals = [_has_intervals(sheet, place) for place in range(len(sheet.columns))]
    head: list[str] = []
    for column, interval in zip(sheet.columns, with_intervals, strict=True):
        head += [column.name, f"{column.name} low", f"{column.name} high"] if interval else [column.name]
    writer.writerow(head)
    for row in sheet.rows:
        cells: list[str] = []
        for entry, interval in zip(row, with_intervals, strict=True):
            cells.append(plain(entry.value) if entry.value == entry.value else entry.text)
            cells += [plain(entry.low), plain(entry.high)] if interval else []
        writer.writerow(cells)
    return stream.getvalue()


def _has_intervals(sheet: Sheet, place: int) -> bool:
    return any(row[place].low == row[place].low for row in sheet.rows)


def plain(value: float) -> str:
    """A number to four decimals, as short as that is; "" for none.

    >>> plain(99.4), plain(300.0), plain(NAN)
    ('99.4', '300', '')
    """
    return "" if pd.isna(value) else f"{value:.4f}".rstrip("0").rstrip(".")


FORMS: dict[str, Callable[[Sheet], str]] = {"md": markdown, "tex": latex, "csv": comma_separated}
