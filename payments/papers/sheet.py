"""How a paper is drawn: A4, tagged for screen readers, the same bytes for the same words.

Every piece of text is an element of the document's structure, in the order of reading; lines and
what is repeated on each page are not. All lengths are points, 72 to the inch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from fpdf import FPDF
from fpdf.enums import Align, MethodReturnValue, XPos, YPos
from fpdf.prefs import ViewerPreferences

from payments.papers.letters import BOLD, REGULAR, printable
from payments.papers.paper import Paper, Row, Table

MARGIN, BOTTOM = 57, 62
GAP = 12
LEAST_LABEL = 136  # what a table's first column needs before the letters get smaller
NAMES = 124  # the column of the facts' names
HEADING = 74  # a heading, the names of the columns, and the space around them
TEXT, SMALL, SMALLEST = 10, 9, 6
INK, MUTED, RULE, BLUE = (35, 33, 29), (95, 90, 80), (205, 200, 190), (58, 76, 192)
DEMONSTRATION = "Demonstration"
# Stands for the number of pages until it is known: letters that no text on paper has (letters.py).
PAGES = "\ue000\ue001\ue002"


@dataclass(frozen=True, slots=True)
class _Grid:
    """The columns of a table: the size of its letters, and the widths of its cells."""

    size: int
    widths: Sequence[float]


def drawn(paper: Paper, at: datetime) -> bytes:
    """The PDF of a paper that was made at this instant."""
    sheet = _Sheet(paper)
    sheet.set_creation_date(at)
    sheet.write_head()
    sheet.write_facts()
    for table in paper.tables:
        sheet.write_table(table)
    for note in paper.notes:
        sheet.paragraph(note, SMALL, colour=MUTED, before=GAP)
    return bytes(sheet.output())


class _Sheet(FPDF):
    def __init__(self, paper: Paper) -> None:
        super().__init__(unit="pt", format="A4")
        self.paper = paper
        self.add_font("Paper", "", REGULAR)
        self.add_font("Paper", "B", BOLD)
        self.set_margins(MARGIN, MARGIN)
        # Pages are broken between rows, never by the library: not inside of a tagged piece.
        self.set_auto_page_break(False, BOTTOM)
        self.alias_nb_pages(PAGES)
        self.set_title(f"{printable(paper.title)}, {printable(paper.place)}")
        self.set_author(printable(paper.place))
        self.set_producer("Booking payments")
        self.set_lang("en-GB")
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self.add_page()

    def header(self) -> None:
        """What every page but the first begins with."""
        if self.page == 1:
            return
        about = f"{self.paper.title}, {self.paper.place}"
        if self.paper.is_demonstration:
            about = f"{DEMONSTRATION}: {about}"
        with self._artifact():
            self._set(SMALL, "", MUTED)
            self.cell(self.epw, _line(SMALL), self._cut(about), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(GAP)

    def footer(self) -> None:
        with self._artifact():
            self.set_y(-BOTTOM + GAP)
            self._set(SMALL, "", MUTED)
            self.cell(self.epw, _line(SMALL), f"Page {self.page} of {PAGES}")

    def write_head(self) -> None:
        """Who it is from, the mark of a demonstration, the title, and what it says first."""
        if self.paper.is_demonstration:
            self.paragraph(DEMONSTRATION.upper(), SMALL, "B", BLUE)
        self.paragraph(self.paper.place, 13, "B")
        self.paragraph(self.paper.address, SMALL, colour=MUTED)
        self.paragraph(self.paper.title, 20, "B", before=26, kind="H1")
        self.paragraph(self.paper.lead, 12, before=3)
        self.ln(GAP)

    def write_facts(self) -> None:
        """Names and texts, side by side."""
        for name, text in [(printable(each[0]), printable(each[1])) for each in self.paper.facts]:
            self._set(TEXT, "", INK)
            self._room(self._height(text, self.epw - NAMES, TEXT) + 4)
            with self._tagged("P"):
                top = self.y
                self._set(TEXT, "", MUTED)
                self._cell(name, NAMES, TEXT)
                self._set(TEXT, "", INK)
                self.set_xy(self.l_margin + NAMES, top)
                self._cell(text, self.epw - NAMES, TEXT)
            self.ln(4)

    def write_table(self, table: Table) -> None:
        """A heading and its rows; the names of the columns are repeated on each page."""
        grid = self._grid(table)
        first = self._row_height(table.rows[0], grid) if table.rows else 0
        self._room(HEADING + first)  # a heading never stands alone at the end of a page
        self.paragraph(table.heading, 12, "B", before=20, kind="H2")
        self._columns(table, grid, is_first=True)
        for row in table.rows:
            if self._room(self._row_height(row, grid)):
                self._columns(table, grid, is_first=False)
            self._row(table, row, grid)

    def paragraph(
        self,
        text: str,
        size: int,
        style: str = "",
        colour: tuple[int, int, int] = INK,
        *,
        before: float = 0,
        kind: str = "P",
    ) -> None:
        """A paragraph, or a heading, of the whole width."""
        text = printable(text)
        if not text:
            return
        self._set(size, style, colour)
        self._room(before + self._height(text, self.epw, size))
        self.ln(before)
        with self._tagged(kind):
            self._cell(text, self.epw, size)

    def _columns(self, table: Table, grid: _Grid, *, is_first: bool) -> None:
        if any(table.columns):
            self._set(grid.size - 1, "", MUTED)
            with self._tagged("P") if is_first else self._artifact():
                self._cells([printable(each) for each in table.columns], grid, grid.size - 1)
        self.ln(3)
        self._rule()

    def _row(self, table: Table, row: Row, grid: _Grid) -> None:
        style = "B" if row.is_sum else ""
        label, detail = printable(row.label), printable(row.detail)
        cells = [printable(each) for each in row.cells]
        with self._tagged("P", _spoken(table, row)):
            self.ln(3)
            top = self.y
            self._set(grid.size, style, INK)
            self._cell(label, self._label_width(grid), grid.size)
            if detail:
                self._set(grid.size - 1, "", MUTED)
                self._cell(detail, self._label_width(grid), grid.size - 1)
            end = self.y
            self.set_y(top)
            self._set(grid.size, style, INK)
            self._cells(cells, grid, grid.size)
            self.set_y(max(end, self.y) + 3)
        self._rule()

    def _cells(self, cells: Sequence[str], grid: _Grid, size: int) -> None:
        left = self.l_margin + self.epw - sum(grid.widths)
        for text, width in zip(cells, grid.widths, strict=True):
            self.set_x(left)
            # Without the cell's own margin on its right, so that amounts end with the lines.
            self.cell(width, _line(size), text, align=Align.R)
            left += width
        self.ln(_line(size))

    def _cell(self, text: str, width: float, size: int) -> None:
        """Text in lines of this width, from here downwards; then at the left again."""
        self.multi_cell(
            width, _line(size), text, align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def _height(self, text: str, width: float, size: int) -> int:
        """What `_cell` will need, with the letters that are set."""
        lines = self.multi_cell(
            width, _line(size), text, align=Align.L, dry_run=True, output=MethodReturnValue.LINES
        )
        return _line(size) * len(cast(list[str], lines))

    def _row_height(self, row: Row, grid: _Grid) -> int:
        """What a row needs at most."""
        width = self._label_width(grid)
        self._set(grid.size, "B" if row.is_sum else "", INK)
        height = self._height(printable(row.label), width, grid.size)
        if row.detail:
            self._set(grid.size - 1, "", MUTED)
            height += self._height(printable(row.detail), width, grid.size - 1)
        return height + 6

    def _label_width(self, grid: _Grid) -> float:
        return self.epw - sum(grid.widths) - GAP

    def _grid(self, table: Table) -> _Grid:
        """Cells never wrap, so they are as wide as their widest text; when too little is left for
        what the rows are about, all letters get smaller."""
        size = TEXT
        while True:
            widths = self._widths(table, size)
            if self.epw - sum(widths) - GAP >= LEAST_LABEL or size <= SMALLEST:
                return _Grid(size, widths)
            size -= 1

    def _widths(self, table: Table, size: int) -> list[float]:
        self._set(size, "B", INK)
        rows = [table.columns, *(row.cells for row in table.rows)]
        columns = zip(*rows, strict=True)
        return [max(self.get_string_width(printable(t)) for t in texts) + GAP for texts in columns]

    def _room(self, height: float) -> bool:
        """Begin a page unless so much fits on this one; whether one was begun."""
        if self.y + height <= self.h - BOTTOM:
            return False
        self.add_page()
        return True

    def _cut(self, text: str) -> str:
        """As much of a text as one line holds."""
        text = printable(text)
        if self.get_string_width(text) <= self.epw:
            return text
        while text and self.get_string_width(f"{text}…") > self.epw:
            text = text[:-1]
        return f"{text}…"

    def _rule(self) -> None:
        with self._artifact():
            self.set_draw_color(*RULE)
            self.set_line_width(1 / 2)
            self.line(self.l_margin, self.y, self.l_margin + self.epw, self.y)

    def _set(self, size: int, style: str, colour: tuple[int, int, int]) -> None:
        self.set_font("Paper", style, size)
        self.set_text_color(*colour)
        self.c_margin = 0

    @contextmanager
    def _tagged(self, kind: str, spoken: str | None = None) -> Iterator[None]:
        """What is written meanwhile is one element of the structure. `spoken` is read out instead,
        for what the eye puts together."""
        number = self.struct_builder.next_mcid_for_page(self.page)
        self._add_marked_content(struct_type=f"/{kind}", mcid=number, alt_text=spoken)
        self._out(f"/{kind} <</MCID {number}>> BDC")
        yield
        self._out("EMC")

    @contextmanager
    def _artifact(self) -> Iterator[None]:
        """What is drawn meanwhile is no part of the text."""
        self._out("/Artifact BMC")
        yield
        self._out("EMC")


def _line(size: int) -> int:
    """The height of a line of letters of this size."""
    return size * 7 // 5


def _spoken(table: Table, row: Row) -> str | None:
    """A row in words, where the cells need the names of their columns."""
    if len(table.columns) == 1:
        return None
    about = f"{row.label}, {row.detail}" if row.detail else row.label
    cells = [f"{name} {text}" for name, text in zip(table.columns, row.cells, strict=True)]
    return f"{printable(about)}: {printable(', '.join(cells))}"
