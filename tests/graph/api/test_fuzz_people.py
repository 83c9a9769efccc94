"""What people say of themselves may be whatever: it is refused by the name of its field, and nothing breaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.permissions import OwnSession, Public, guarded_by
from graph.root import schema
from tests.graph.api.bad_values import values_for
from tests.graph.api.conftest import Api, Json
from tests.graph.api.fuzzing import SCHEMA, good, is_there, put, walk
from tests.graph.api.people import at_a_browser, owner, with_cookie
from tests.graph.api.test_fuzz import fuzzed, seeded

__all__ = ["seeded"]

ANYBODYS = sorted(name.removeprefix("Mutation.") for name in guarded_by(schema, Public) if name.startswith("Mut"))
OWN = sorted(name.removeprefix("Mutation.") for name in guarded_by(schema, OwnSession))
MUTATIONS = SCHEMA.mutation_type.fields if SCHEMA.mutation_type else {}


class Patient:
    """Lets everybody try as often as they like."""

    def begin(self, *_: object) -> None:
        pass

    right = begin


@pytest.mark.parametrize("mutation", [*ANYBODYS, *OWN, "createOwner"])
@fuzzed
@given(data=st.data())
async def test_whatever_people_say_of_themselves_breaks_nothing(
    mutation: str, data: st.DataObject, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    kind = MUTATIONS[mutation].args["input"].type
    asker = await front(api, mutation)
    for place, inner in walk(kind):
        if not place:
            continue
        caplog.clear()
        wanted = put(good(kind, {}), place, data.draw(values_for(str(getattr(inner, "of_type", inner)))))
        document = (
            f"mutation($input: {kind}) {{ it: {mutation}(input: $input) {{ errors {{ code message field }} }} }}"
        )
        result = await asker.execute(document, {"input": wanted})
        assert not [record for record in caplog.records if record.exc_info or record.levelname == "ERROR"]
        assert result.errors is None, result.errors
        for error in _errors(result.data):
            assert error["message"].isprintable()
            assert error["field"][0] == "input"
            assert is_there(kind, wanted, error["field"][1:]), error


async def front(api: Api, mutation: str) -> Api:
    """Who asks for this mutation: an owner in their browser, nobody in particular, a token."""
    api.engine.people.sign_in._attempts = Patient()  # type: ignore[assignment]
    if mutation == "createOwner":
        return api
    if mutation in ANYBODYS:
        return at_a_browser(api)
    options = await api.ask("{ signInOptions { ownerNeeded } }")
    if options["signInOptions"]["ownerNeeded"]:
        return await owner(api)
    browser = at_a_browser(api)
    await browser.do("signIn", "", email="ann@example.com", password="a long enough passphrase")
    return await with_cookie(browser)


def _errors(data: Json | None) -> list[Json]:
    payload: Json = (data or {}).get("it") or {}
    return list(payload.get("errors", ()))
