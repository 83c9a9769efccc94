"""What the database of an installation tells, read past the program that writes it."""

import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path


class Records:
    """The file at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def id_of(self, name: str) -> str:
        return str(self._ask("SELECT id FROM application WHERE name = ?", name)[0][0])

    def status(self, application_id: str) -> str:
        """What is said of an application; "" if it is not known."""
        found = self._ask("SELECT status FROM application WHERE id = ?", application_id)
        return str(found[0][0]) if found else ""

    def story(self, application_id: str) -> list[list[str]]:
        """The statuses of each deployment, as they were told."""
        told: defaultdict[str, list[str]] = defaultdict(list)
        query = """SELECT noun_id, json_extract(data, '$.status') FROM event
            WHERE kind = 'DEPLOYMENT_STATUS' AND application_id = ? ORDER BY sequence"""
        for deployment_id, status in self._ask(query, application_id):
            told[deployment_id].append(status)
        return list(told.values())

    def under_way(self, application_id: str) -> bool:
        query = "SELECT 1 FROM deployment WHERE application_id = ? AND finished_at IS NULL"
        return bool(self._ask(query, application_id))

    def _ask(self, query: str, *values: str) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(self._path, timeout=10)) as connection:
            return connection.execute(query, values).fetchall()
