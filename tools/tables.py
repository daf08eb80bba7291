"""Small tables for a terminal."""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from tools.config import Loaded, config_rows
from tools.terminal import clean, open_console

_WIDE = 400
"""Columns in a file or a pipe, where no line is to be broken."""


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows of plain text below headings; nothing in them is markup."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(cell, 2000)) for cell in row))
    console = open_console()
    if not console.is_terminal:
        console.width = _WIDE
    console.print(table, soft_wrap=False)


def print_config(loaded: Loaded) -> None:
    """Each setting with its value and source, and what was found beside them."""
    rows = config_rows(loaded)
    print_table(
        ("setting", "value", "from", "what it is"),
        [(row.name, "" if row.value is None else str(row.value), row.source, row.about) for row in rows],
    )
    for name in loaded.ignored:
        open_console().print(Text(f"{clean(name)} is set, but there is no such setting", style="yellow"))
