"""The public API as any program would use it: GraphQL over HTTP, subscriptions over a websocket."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp

Answer = dict[str, Any]


class Refused(Exception):
    """The API said no, in its own words."""


@dataclass(frozen=True, slots=True)
class Client:
    """Speaks to the API at `address` ("127.0.0.1:8000") with a token."""

    session: aiohttp.ClientSession
    address: str
    token: str

    async def ask(self, document: str, **variables: object) -> Answer:
        """The data of a query or mutation."""
        headers = {"Authorization": f"Bearer {self.token}"}
        body = {"query": document, "variables": variables}
        async with self.session.post(f"http://{self.address}/graphql", json=body, headers=headers) as response:
            answer = await response.json(content_type=None)
        if answer.get("errors"):
            raise Refused(answer["errors"][0]["message"])
        data: Answer = answer["data"]
        return data

    async def do(self, mutation: str, selection: str, /, **fields: object) -> Answer:
        """The payload of a mutation, which by the API's convention takes one `input`."""
        kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
        document = f"mutation($input: {kind}) {{ {mutation}(input: $input) {{ {selection} errors {{ message }} }} }}"
        payload: Answer = (await self.ask(document, input=fields))[mutation]
        if payload["errors"]:
            raise Refused(payload["errors"][0]["message"])
        return payload

    async def follow(self, document: str, **variables: object) -> AsyncIterator[Answer]:
        """The messages of a subscription, until it ends."""
        url = f"ws://{self.address}/graphql"
        async with self.session.ws_connect(url, protocols=["graphql-transport-ws"]) as socket:
            await socket.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {self.token}"}})
            await socket.receive_json()
            payload = {"query": document, "variables": variables}
            await socket.send_json({"id": "1", "type": "subscribe", "payload": payload})
            async for frame in socket:
                message = frame.json()
                if message["type"] == "next":
                    yield message["payload"]["data"]
                elif message["type"] == "error":
                    raise Refused(message["payload"][0]["message"])
                elif message["type"] == "complete":
                    return
