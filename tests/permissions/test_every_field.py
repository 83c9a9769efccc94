"""Every field that can be reached, as everybody who may come: allowed exactly where the table says so."""

import pytest

from tests.graph.api.conftest import Api
from tests.permissions import table
from tests.permissions.asking import Asking, every_field
from tests.permissions.belongings import belongings
from tests.permissions.fields import reached
from tests.permissions.principals import principals


@pytest.mark.timeout(300)
async def test_every_field_is_allowed_exactly_where_the_table_says_so(
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    ids = await belongings(api)
    everybody = await api.engine.sessions.write(principals, ids)
    found: dict[str, set[str]] = {field: set() for field in every_field(reached(ids))}
    asking = {name: Asking(api, viewer, ids) for name, viewer in everybody.items()}
    for name, one in asking.items():
        for field in await one.seen() | await one.watched():
            found[field].add(name)
    for name, one in asking.items():  # last: what is refused is remembered
        for field in await one.done(monkeypatch):
            found[field].add(name)
    if request.config.getoption("--write-permissions"):
        table.FILE.write_text(table.written(found, everybody))
    assert found == table.read(), "Read what has changed, and write it: see tests/permissions/table.py"
