from graph.ids import global_id
from tests.graph.api.conftest import OWNER, SETUP, Api


async def test_the_text_of_a_token_is_shown_once_and_lets_its_holder_in(api: Api) -> None:
    made = await api.do(
        "createApiToken",
        "secret apiToken { id name grant expiresAt }",
        name="ci",
        expiresAt="2999-01-31T13:00:00+01:00",
    )
    token = made["apiToken"]
    assert token == {"id": token["id"], "name": "ci", "grant": "OWNER", "expiresAt": "2999-01-31T12:00:00Z"}
    found = await api.engine.tokens.authenticate(made["secret"])
    assert found is not None
    assert global_id("ApiToken", found.token_id or "") == token["id"]
    assert (await api.ask("{ apiTokens { name } }"))["apiTokens"] == [{"name": "ci"}]


class Socket:
    transport = "websocket"
    closed = False

    def stop(self) -> None:
        pass

    async def forbid(self) -> None:
        self.closed = True


async def test_a_revoked_token_is_gone_and_its_sockets_with_it(api: Api) -> None:
    made = await api.do("createApiToken", "secret apiToken { id }", name="ci")
    found = await api.engine.tokens.authenticate(made["secret"])
    assert found is not None
    socket, other = Socket(), Socket()
    api.sockets.add(found, socket)
    api.sockets.add(OWNER, other)
    token_id = made["apiToken"]["id"]
    assert await api.do("revokeApiToken", "removedId", tokenId=token_id) == {"removedId": token_id}
    assert (socket.closed, other.closed) == (True, False)
    assert await api.engine.tokens.authenticate(made["secret"]) is None
    assert await api.ask("query($id: ID!) { apiTokens { id } node(id: $id) { id } }", id=token_id) == {
        "apiTokens": [],
        "node": None,
    }
    assert await api.refused("revokeApiToken", tokenId="nonsense") == [("NOT_FOUND", ["input", "tokenId"])]


async def test_the_viewer_is_the_token(api: Api) -> None:
    data = await api.ask("{ viewer { name tokenId } }")
    assert data["viewer"] == {"name": "laptop", "tokenId": global_id("ApiToken", OWNER.token_id or "")}


async def test_the_setup_token_makes_the_first_real_one(api: Api) -> None:
    text = await api.engine.tokens.create_setup_token()
    assert text is not None
    made = await api.seen_by(SETUP).do("createApiToken", "secret", name="laptop")
    assert await api.engine.tokens.authenticate(made["secret"]) is not None
    assert await api.engine.tokens.authenticate(text) is None
