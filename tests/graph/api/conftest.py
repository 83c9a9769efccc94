import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from strawberry.types import ExecutionResult

from engine.accounts import roles
from engine.accounts.authority import EVERYTHING, Allowance, Authority
from engine.accounts.passwords import Hashing
from engine.accounts.people import PeopleSettings
from engine.certificates.keeper import CertificateKeeper
from engine.databases.side import DatabaseSide
from engine.engine import Engine
from engine.exposures.ports import Ports
from engine.settings import EngineSettings
from graph.context import Context
from graph.permissions import Viewer
from graph.root import schema
from graph.sockets import Sockets
from graph.visits import Visit

Json = dict[str, Any]

CHEAP = Hashing(memory=64, passes=1)  # of argon2, where no password is worth anything
OWNER = Viewer("laptop", EVERYTHING, token_id="01m833z4wr47h397dvxhp6mbv0")
SETUP = Viewer("setup", Authority.of({Allowance(roles.SETUP)}), token_id="01m833z4wr47h397dvxhp6mbv1")


@dataclass(frozen=True)
class Api:
    """The API as a client sees it, without a transport, in front of an engine whose Docker does not answer."""

    engine: Engine
    viewer: Viewer = OWNER
    sockets: Sockets = field(default_factory=Sockets)
    visit: Visit = field(default_factory=lambda: Visit(True, "127.0.0.1", "a browser", {}))

    def seen_by(self, viewer: Viewer) -> "Api":
        return replace(self, viewer=viewer)

    @property
    def context(self) -> Context:
        return Context(self.viewer, self.engine, self.sockets, visit=self.visit)

    async def execute(self, document: str, variables: Json) -> ExecutionResult:
        return await schema.execute(document, variable_values=variables, context_value=self.context)

    async def ask(self, document: str, **variables: object) -> Json:
        """The data of a query that is answered without errors."""
        result = await self.execute(document, variables)
        assert result.errors is None, result.errors
        assert result.data is not None
        return result.data

    async def error(self, document: str, **variables: object) -> Json:
        """The extensions of the one error of a query."""
        result = await self.execute(document, variables)
        assert result.errors is not None
        assert len(result.errors) == 1
        return result.errors[0].extensions or {}

    async def do(self, mutation: str, selection: str, **values: object) -> Json:
        """What a mutation that is carried out answers."""
        payload = await self._mutate(mutation, selection, values)
        assert payload.pop("errors") == []
        return payload

    async def refused(self, mutation: str, **values: object) -> list[tuple[str, list[str] | None]]:
        """Why a mutation is refused: the code and the field of each error."""
        errors = (await self._mutate(mutation, "", values))["errors"]
        assert errors
        assert all(error["message"].endswith(".") for error in errors)
        return [(error["code"], error["field"]) for error in errors]

    @asynccontextmanager
    async def watch(self, document: str, **variables: object) -> AsyncIterator["Watch"]:
        stream = await schema.stream(document, variable_values=variables, context_value=self.context)
        async with aclosing(stream):
            yield Watch(stream)

    async def _mutate(self, mutation: str, selection: str, values: Json) -> Json:
        kind = mutation[0].upper() + mutation[1:]
        fields = f"{selection} errors {{ code message field }}"
        document = f"mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ {fields} }} }}"
        payload: Json = (await self.ask(document, input=values))[mutation]
        return payload

    async def team(self) -> str:
        """The team that there is from the first start on."""
        return str((await self.ask("{ teams { id } }"))["teams"][0]["id"])

    async def project(self, name: str = "shop") -> str:
        made = await self.do("createProject", "project { id }", name=name, teamId=await self.team())
        return str(made["project"]["id"])

    async def environment(self, project: str = "shop", name: str = "production") -> str:
        project_id = await self.project(project)
        made = await self.do("createEnvironment", "environment { id }", projectId=project_id, name=name)
        return str(made["environment"]["id"])

    async def application(self, name: str = "web", environment_id: str | None = None, **more: object) -> str:
        where = environment_id or await self.environment()
        values = {"environmentId": where, "name": name, "image": "nginx:1.29", "port": 80} | more
        made = await self.do("createApplication", "application { id }", **values)
        return str(made["application"]["id"])


@dataclass(frozen=True)
class Watch:
    """The messages of one subscription."""

    stream: AsyncGenerator[Any, None]

    async def next(self) -> Json:
        result = await anext(self.stream)
        assert result.errors is None, result.errors
        (message,) = result.data.values()
        return dict(message)

    async def until(self, **wanted: object) -> Json:
        """The next message that has these values; those before it are passed over."""
        while True:
            message = await self.next()
            if wanted.items() <= message.items():
                return message

    async def rest(self) -> list[Json]:
        """All that is left of a subscription that ends."""
        return [next(iter(result.data.values())) async for result in self.stream]

    async def error(self) -> Json:
        result = await anext(self.stream)
        assert result.errors
        return result.errors[0].extensions or {}


@asynccontextmanager
async def running_api(directory: Path) -> AsyncIterator[Api]:
    """The API in front of what the database in this directory remembers."""
    engine = Engine(
        EngineSettings(
            data_directory=directory,
            database_url=f"sqlite:///{directory / 'wharf.db'}",
            docker_host=f"unix://{directory}/nobody.sock",
            network_pool="10.213.0.0/16",
            proxy_image="traefik:v3",
            proxy_address="127.0.0.1",
            http_port=18080,
            https_port=18443,
            events_kept=1000,
            database_images=None,
            tcp_ports=Ports(9000, 9100),
            tcp_address="127.0.0.1",
            public_host="db.example.com",
            people=PeopleSettings(hashing=CHEAP),
        )
    )
    await engine.start()
    try:
        yield Api(engine)
    finally:
        await engine.stop()


@pytest.fixture
async def api(tmp_path: Path, empty_database: Path) -> AsyncIterator[Api]:
    shutil.copy(empty_database, tmp_path / "wharf.db")
    async with running_api(tmp_path) as running:
        yield running


@pytest.fixture
def nothing_converges(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for stays asked for: only requests change anything."""
    let_nothing_converge(monkeypatch)


def let_nothing_converge(patch: pytest.MonkeyPatch) -> None:
    async def converge(_of: object, _id: str) -> None:
        pass

    patch.setattr(Engine, "_converge", converge)
    for name in ("_converge", "_converge_exposure", "_carry_out_dump", "_carry_out_restore"):
        patch.setattr(DatabaseSide, name, converge)
    patch.setattr(CertificateKeeper, "_converge", converge)


@pytest.fixture
async def application_id(api: Api) -> str:
    return await api.application()
