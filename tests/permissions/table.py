"""The table of who may use which field: `permissions.txt`, a line a field, a column a principal.

    .venv/bin/pytest tests/permissions --write-permissions

writes it as it is now. Read the difference before you commit it: it is the security of this product.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

FILE = Path(__file__).with_name("permissions.txt")
ALLOWED, REFUSED = "x", "."


def read() -> dict[str, frozenset[str]]:
    """Who may use each field."""
    head, *lines = FILE.read_text().splitlines()
    names = head.split()[1:]
    found = {}
    for line in lines:
        field, *marks = line.split()
        found[field] = frozenset(name for name, mark in zip(names, marks, strict=True) if mark == ALLOWED)
    return found


def written(rows: Mapping[str, Iterable[str]], names: Iterable[str]) -> str:
    """The text of the table."""
    names = list(names)
    wide = max(map(len, rows)) + 2
    lines = ["field".ljust(wide) + " ".join(names)]
    for field, allowed in sorted(rows.items()):
        marks = ((ALLOWED if name in allowed else REFUSED).ljust(len(name)) for name in names)
        lines.append((field.ljust(wide) + " ".join(marks)).rstrip())
    return "\n".join(lines) + "\n"
