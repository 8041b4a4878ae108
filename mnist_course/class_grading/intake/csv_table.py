"""Read a CSV file that a learning platform or a spreadsheet wrote."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from mnist_course.class_grading.intake.found import some_of
from mnist_course.exceptions import ClassError

__all__ = ["Table", "read_table"]

_MOST_BYTES = 64 << 20
_MOST_ROWS = 200_000
_MOST_CELL = 1 << 20  # characters; feedback can be long, the csv module's own limit is 131,072
_DELIMITERS = ",;\t"
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file as it was.

    Parameters
    ----------
    header : tuple of str
        Without the byte order mark.
    rows : tuple of tuple of str
        As long as the header, or longer; filled up with empty cells.
    lines : tuple of int
        Where in the file each row ends, counted from 1.
    delimiter : str
        What separates cells.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    delimiter: str = ","

    def column(self, *names: str) -> int | None:
        """Return the place of the first of these columns that there is, in any case of letters."""
        places: dict[str, int] = {}
        for place, name in enumerate(self.header):
            places.setdefault(name.strip().casefold(), place)
        return next((places[n.casefold()] for n in names if n.casefold() in places), None)

    def has(self, *names: str) -> bool:
        """Tell whether there is any of these columns."""
        return self.column(*names) is not None

    def cell(self, row: tuple[str, ...], *names: str) -> str:
        """Return a row's value in the first of these columns; empty where there is none."""
        place = self.column(*names)
        return row[place].strip() if place is not None else ""


def read_table(path: Path) -> Table:
    """Read a CSV file with a header.

    Commas, semicolons and tabs are told apart by the header; UTF-8 with or without a byte order
    mark.

    Raises
    ------
    ClassError
        If it cannot be read, is not UTF-8 or no table, or is larger than any class.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ClassError(
            f"cannot read {path.name}: {error.strerror or error}. Expected a CSV file; check the "
            "name."
        ) from error
    if len(raw) > _MOST_BYTES:
        raise ClassError(
            f"{path.name} is too large: expected at most {_MOST_BYTES / 1e6:.0f} MB. Check that it "
            "is the CSV file that you mean."
        )
    try:
        text = raw.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        raise ClassError(
            f"{path.name} is not in UTF-8 (byte {error.start:,}). Expected a CSV file in UTF-8: in "
            "Excel choose Save As > CSV UTF-8, or export it again."
        ) from error
    return _parse(text, path.name)


def _parse(text: str, name: str) -> Table:
    delimiter = max(_DELIMITERS, key=lambda d: len(_first_row(text, d)))
    limit = csv.field_size_limit(_MOST_CELL)
    header: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if not header:
                header = tuple(cells)
            elif any(cell.strip() for cell in cells):
                rows.append((*cells, *[""] * (len(header) - len(cells))))
                lines.append(reader.line_num)
            if len(rows) > _MOST_ROWS:
                raise ClassError(
                    f"{name} has too many rows: expected at most {_MOST_ROWS:,}. Check that it is "
                    "the file that you mean."
                )
    except csv.Error as error:
        raise ClassError(
            f"{name} is damaged in line {reader.line_num}: {error}. Expected a CSV file; export it "
            "again."
        ) from error
    finally:
        csv.field_size_limit(limit)
    if not any(cell.strip() for cell in header):
        raise ClassError(
            f"{name} has no header: expected names of columns in its first line, got "
            f"{some_of(list(header)) or 'nothing'}. Export it again."
        )
    return Table(header, tuple(rows), tuple(lines), delimiter)


def _first_row(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []
