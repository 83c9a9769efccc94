"""An installation with an owner who signs in, as a person does."""

import re
from pathlib import Path

import aiohttp

from tests.dashboard.browsing import Window
from tests.docker.world import World

EMAIL = "ann@example.com"
PASSWORD = "a wharf is no place to sleep"
NAME = "Ann <b>Bold</b>"  # which nothing may take for markup, and neither this:
MARKUP = '<img src=x onerror="document.title=1">'

_SIGN_IN = "mutation($input: SignInInput!) { signIn(input: $input) { errors { message } } }"


class Owned(World):
    """It has no token until its owner has one: the first would end the setup token."""

    def __init__(self, directory: Path, **settings: str) -> None:
        super().__init__(directory, **settings)
        self.token = "none yet"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def setup_token(self) -> str:
        """What the server printed at its first start."""
        found = re.search(r"/setup#token=(\S+)", self.log.read_text())
        assert found
        return found[1]

    async def get_owner(self) -> None:
        """Have somebody become the owner, and the tests have a token that may do the same."""
        self.token = self.setup_token
        await self.do("createOwner", email=EMAIL, name=NAME, password=PASSWORD)
        self.token = await self.make_token()

    async def sign_in(self, window: Window, email: str = EMAIL) -> None:
        """As the page does it."""
        body = {"query": _SIGN_IN, "variables": {"input": {"email": email, "password": PASSWORD}}}
        answer = await window.page.request.post("/graphql", data=body)
        assert (await answer.json())["data"]["signIn"]["errors"] == []


async def status_for(world: Owned, token: str) -> int:
    """The status of the answer to whoever has this token."""
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{world.address}/graphql"
    async with (
        aiohttp.ClientSession(headers=headers) as client,
        client.post(url, json={"query": "{ viewer { name } }"}) as answer,
    ):
        return answer.status
