"""What is fuzzed: one of everything, behind the front door of the API."""

from typing import Any

import pytest
from graphql import get_nullable_type

from graph.ids import global_id, local_id
from graph.permissions import OwnSession, Public, guarded_by
from graph.root import schema
from tests.graph.api import afterwards
from tests.graph.api.certificates import CERTIFICATE, PRIVATE_KEY
from tests.graph.api.conftest import Api, Json
from tests.graph.api.front import Answer, Front
from tests.graph.api.fuzzing import SCHEMA, assert_echoed, is_document, is_readable, is_there, literal, selection
from tests.graph.api.rows import (
    add_dump,
    add_failed_certificate,
    add_identity,
    add_owner,
    add_passkey,
    add_releases,
    add_user,
    add_user_session,
    close_ports,
    protect_user,
    run_database,
)

# What is asked by nobody, and by people of themselves, is fuzzed as they ask it: see test_fuzz_people.
_OF_PEOPLE = {name.removeprefix("Mutation.") for kind in (Public, OwnSession) for name in guarded_by(schema, kind)}
MUTATIONS = {
    name: field
    for name, field in (SCHEMA.mutation_type.fields.items() if SCHEMA.mutation_type else ())
    if name not in {*_OF_PEOPLE, "createOwner"}
}
INPUTS: dict[str, Any] = {name: get_nullable_type(field.args["input"].type) for name, field in MUTATIONS.items()}
NO_REQUEST = ("BAD_REQUEST", "TOO_LARGE")
UNREAD = (*NO_REQUEST, "ENGINE_UNREACHABLE")  # codes of what is told without a field
MOST_SECONDS = 1.0  # of computing, for a request that is as long as one may be
_ROUTED = {"Application": "applicationId", "Domain": "domainId"}
_USES_UP = (
    *("remove", "revoke", "cancel", "start", "stop", "link", "unlink", "expose", "unexpose", "upload"),
    *(
        "dump",
        "restore",
        "restartDatabase",
        "updateDatabase",
        "updateExposure",
        "rotateDatabasePassword",
        "addMember",
        "retryCertificate",
        "setDefaultResolver",
        "setAdministrator",
        "disableUser",
        "enableUser",
    ),
)


class World:
    """One of everything, made anew when it was used up, and a neighbour that nothing is asked of."""

    def __init__(self, api: Api, front: Front) -> None:
        self.api = api
        self.front = front
        self.ids: dict[str, str] = {}
        self._number = 0
        self.stopped = False
        self._contents: dict[str, list[Any]] = {}
        self._seen: dict[str, set[Any]] = {}
        self._routes: dict[str, bytes] = {}
        self._others: list[str] = []  # what is routed of those that nothing is asked of any more

    async def build(self, *, stopped: bool = False) -> None:
        if self.ids:
            self._others += [local_id(kind, self.ids[name]) for kind, name in _ROUTED.items()]
            await self.api.engine.sessions.write(close_ports)
        self._number += 1
        self.stopped = stopped
        name, do = f"shop-{self._number}", self.api.do
        team, project = await self.api.team(), await self.api.project(f"empty-{self._number}")
        write = self.api.engine.sessions.write
        await write(add_owner, local_id("Team", team), f"{name}-owner")
        membership = await write(add_owner, local_id("Team", team), f"{name}-other")
        user = await write(add_user, f"{name}-user")
        disabled = await write(add_user, f"{name}-disabled")
        await self.api.do("disableUser", "errors { code }", userId=global_id("User", disabled))
        await write(protect_user, user, self.api.engine.cipher)
        invitation = await do(
            "inviteMember", "invitation { id }", teamId=team, email=f"{name}@example.com", role="VIEWER"
        )
        empty = await do("createTeam", "team { id }", name=f"empty-{self._number}")
        environment = await self.api.environment(name)
        application = await self.api.application(
            environment_id=environment,
            variables=[{"name": "MODE", "value": "1"}],
            volumes=[{"name": "data", "mountPath": "/var/lib/data"}],
        )
        where = {"url": f"http://{name}.example.com/b", "stripPrefix": True}
        domain = await do(
            "addDomain", "domain { id application { volumes { id } } }", applicationId=application, **where
        )
        deployment = await do("deployApplication", "deployment { id }", applicationId=application)
        await self.api.engine.sessions.write(add_releases, local_id("Application", application), 3)
        if stopped:
            await do("stopApplication", "errors { code }", applicationId=application)
        database = await self._database(environment, "db", stopped=stopped)
        dump = await self.api.engine.sessions.write(add_dump, local_id("Database", database))
        linked = await self._database(environment, "linked")
        link = await do("linkDatabase", "link { id }", databaseId=linked, applicationId=application, variable="URL")
        exposed = await self._database(environment, "exposed")
        await do("exposeDatabase", "tcpProxy { id }", databaseId=exposed)
        certificate = await do(
            "uploadCertificate", "certificate { id }", chain=CERTIFICATE, key=PRIVATE_KEY, teamId=team
        )
        asked, unused = [await self._resolver(f"{name}-{which}") for which in ("asked", "unused")]
        failed = await write(add_failed_certificate, local_id("Team", team), f"{name}.test")
        token = await do("createApiToken", "apiToken { id }", name=name)
        releases = await self.api.ask(
            "query($id: ID!) { application(id: $id) { releases { nodes { id } } } }", id=application
        )
        self.ids = {
            "applicationId": application,
            "databaseId": database,
            "exposedId": exposed,
            "certificateId": certificate["certificate"]["id"],
            "failedId": global_id("Certificate", failed),
            "resolverId": asked,
            "unusedId": unused,
            "serverId": await self._server(),
            "deploymentId": deployment["deployment"]["id"],
            "domainId": domain["domain"]["id"],
            "dumpId": global_id("DatabaseDump", dump),
            "environmentId": await self.api.environment(f"blog-{self._number}"),
            "linkId": link["link"]["id"],
            "emptyTeamId": empty["team"]["id"],
            "membershipId": global_id("Membership", membership),
            "projectId": project,
            "projectIds": project,
            "teamId": team,
            "nounId": application,
            "userId": global_id("User", user),
            "disabledId": global_id("User", disabled),
            "sessionId": global_id("UserSession", await write(add_user_session, user)),
            "passkeyId": global_id("Passkey", await write(add_passkey, user)),
            "identityId": global_id("Identity", await write(add_identity, user)),
            "invitationId": invitation["invitation"]["id"],
            "within": environment,
            "releaseId": releases["application"]["releases"]["nodes"][-1]["id"],
            "tokenId": token["apiToken"]["id"],
            "volumeId": domain["domain"]["application"]["volumes"][0]["id"],
        }

        self._contents, self._routes = self.front.contents(), await self._read_routes()

    async def _resolver(self, name: str) -> str:
        made = {"name": name, "directoryUrl": f"https://{name}.example.com/"}
        return str((await self.api.do("createCertificateResolver", "resolver { id }", **made))["resolver"]["id"])

    async def _server(self) -> str:
        return str((await self.api.ask("{ servers { id } }"))["servers"][0]["id"])

    async def _database(self, environment_id: str, name: str, *, stopped: bool = False) -> str:
        """The id of one that runs, as far as anybody knows."""
        made = await self.api.do(
            "createDatabase", "database { id }", environmentId=environment_id, kind="POSTGRESQL", name=name
        )
        database_id = str(made["database"]["id"])
        await self.api.engine.sessions.write(run_database, local_id("Database", database_id))
        if stopped:
            await self.api.do("stopDatabase", "errors { code }", databaseId=database_id)
        return database_id

    def ids_for(self, mutation: str) -> dict[str, str]:
        """The ids of what this mutation can be done with."""
        if mutation == "enableUser":
            return self.ids | {"userId": self.ids["disabledId"]}
        if mutation == "removeCertificateResolver":
            return self.ids | {"resolverId": self.ids["unusedId"]}
        if mutation == "retryCertificate":
            return self.ids | {"certificateId": self.ids["failedId"]}
        if mutation in ("updateExposure", "unexposeDatabase"):
            return self.ids | {"databaseId": self.ids["exposedId"]}
        return self.ids | {"teamId": self.ids["emptyTeamId"]} if mutation.endswith("Team") else self.ids

    async def try_out(
        self, mutation: str, wanted: Json, log: pytest.LogCaptureFixture, *, written: bool
    ) -> list[Json]:
        """Ask for it, see that it was done as it was typed or not at all, and give back the errors."""
        log.clear()
        text = document(mutation, literal(INPUTS[mutation], wanted)) if written else document(mutation)
        answer = await self.front.post(text, None if written else {"input": wanted})
        errors = told(answer, log, text, wanted)
        assert self.front.changes_of_docker == []
        if errors:
            assert self.front.contents() == self._contents
            for field in (error["field"] for error in errors if error["code"] not in UNREAD):
                assert field[0] == "input"
                assert is_there(INPUTS[mutation], wanted, field[1:]), field
            return errors
        for name, thing in answer.json()["data"]["it"].items():
            if isinstance(thing, dict):
                await self._check_kept(mutation, name, wanted, thing)
        await self._check_what_follows()
        if mutation.startswith(_USES_UP):
            await self.build(stopped=mutation.startswith("start"))
        return []

    async def _check_kept(self, mutation: str, name: str, wanted: Json, thing: Json) -> None:
        """What was typed is in the answer, and in the database: it is read again."""
        kind, answered = INPUTS[mutation], MUTATIONS[mutation].type.of_type.fields[name].type
        assert_echoed(kind, wanted, thing)
        if "Node" in [interface.name for interface in answered.interfaces]:
            again = f"query($id: ID!) {{ node(id: $id) {{ ... on {answered.name} {selection(kind, answered)} }} }}"
            assert_echoed(kind, wanted, (await self.front.data(again, id=thing["id"]))["node"])

    async def _check_what_follows(self) -> None:
        """Docker is told what it takes, and nothing in the proxy's document changes for the neighbour."""
        contents, routes = self.front.contents(), await self._read_routes()
        touched = self._touched(contents)
        await self.api.engine.sessions.read(afterwards.docker_can_take, self.api.engine, touched)
        await self.api.engine.sessions.read(afterwards.databases_can_be_made, self.api.engine, touched)
        theirs = [name for name in self._routes if any(key in name for key in self._others)]
        assert theirs
        assert [routes[name] for name in theirs] == [self._routes[name] for name in theirs]
        self._contents, self._routes = contents, routes

    def _touched(self, contents: dict[str, list[Any]]) -> str:
        """All rows that are not as they were when this was asked last: new ones, and both sides of a change."""
        rows = {table: set(each) for table, each in contents.items()}
        before, self._seen = self._seen, rows
        return str([rows[table] ^ before.get(table, set()) for table in rows])

    async def _read_routes(self) -> dict[str, bytes]:
        return await self.api.engine.sessions.read(afterwards.routes, self.api.engine.host.server_id)


def document(mutation: str, given: str = "$input") -> str:
    payload = MUTATIONS[mutation].type.of_type
    things = {name: selection(INPUTS[mutation], field.type) for name, field in payload.fields.items()}
    asked = " ".join(f"{name} {inner}" for name, inner in things.items() if inner)
    declared = f"($input: {INPUTS[mutation].name}!)" if given == "$input" else ""
    return f"mutation{declared} {{ it: {mutation}(input: {given}) {{ {asked} errors {{ code message field }} }} }}"


def told(answer: Answer, log: pytest.LogCaptureFixture, text: str, values: object) -> list[Json]:
    """The errors of an answer, each with its `code` and `field`; [] when what was asked for was done.

    They can be shown, come soon, and hide no bug. Only what is no request at all is told without a field.
    """
    body = answer.json()
    payload = (body.get("data") or {}).get("it")
    in_payload = payload.get("errors", ()) if isinstance(payload, dict) else ()
    errors = [error | error.get("extensions", {}) for error in (*body.get("errors", ()), *in_payload)]
    assert [record for record in log.records if record.exc_info or record.levelname == "ERROR"] == []
    for error in errors:
        assert error["code"] not in (None, "INTERNAL"), error
        assert error["message"].isprintable()
        assert len(error["message"]) < 1000
        assert error.get("field") or error["code"] in UNREAD, error
        if error["code"] in NO_REQUEST:
            assert not is_readable(values) or not is_document(text), error
    assert answer.status == 200 or errors[0]["code"] in NO_REQUEST
    assert answer.seconds < MOST_SECONDS, "others are served by the same event loop"
    return errors
