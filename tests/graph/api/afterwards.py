"""What becomes of what was typed: what Docker is told to make, and the document that the proxy serves from."""

from typing import Any

import orjson
import yaml
from sqlmodel import Session, col, select
from yarl import URL

from db.models import Application, Database, Domain, EnvironmentVariable
from engine.databases.catalogue import container_files
from engine.databases.order import berth_of, order_of
from engine.deployments.container_spec import Place, container_spec
from engine.deployments.prepare import current_spec
from engine.docker.references import parse_reference
from engine.docker.values import ImageFacts
from engine.engine import Engine
from engine.proxy.compiler import compile_routes
from engine.proxy.routers import domain_of
from engine.release_spec import HealthCheck
from engine.routing_table import routing_table
from engine.secret_places import variable_place

_KEY = "an-example-of-a-key"
_IMAGE = ImageFacts(id="sha256:1", repo_digests=(), exposed_ports=(), architecture="")
_OURS = {"api", "revision", "reach", "reach-secure", "unknown", "unknown-secure"}


def docker_can_take(session: Session, engine: Engine, touched: str) -> None:
    """Everything that a deployment would tell Docker is within what Docker and Linux take.

    Looked at are the applications whose ids are in `touched`: all rows that it is made of have them.
    """
    for application in (each for each in session.exec(select(Application)) if each.id in touched):
        spec = current_spec(session, application, _IMAGE)
        rows = [session.get_one(EnvironmentVariable, reference.id) for reference in spec.variables]
        variables = {row.name: engine.cipher.decrypt(row.value, variable_place(row.id)) for row in rows}
        told = container_spec(Place("i", "e", application.id, application.name, "r"), spec, 1, variables)
        assert orjson.loads(orjson.dumps(told)) == told
        _can_be_executed(told.get("Cmd", []), told["Env"])
        assert all(len(part.encode()) <= 255 for mount in told["HostConfig"]["Mounts"] for part in _parts(mount))
        assert parse_reference(spec.image)
        if spec.health_check:
            _can_be_asked(spec.health_check)


def databases_can_be_made(session: Session, engine: Engine, touched: str) -> None:
    """The same of the containers and the files of databases."""
    for database in (each for each in session.exec(select(Database)) if each.id in touched):
        order = order_of(database, berth_of("i", database), engine.cipher, None)
        assert orjson.loads(orjson.dumps(order.body)) == order.body
        _can_be_executed(order.body.get("Cmd", []), order.body["Env"])
        assert container_files(order.kind, order.setup, first=True)


def _can_be_executed(command: list[str], variables: list[str]) -> None:
    sizes = [len(text.encode()) + 1 for text in (*command, *variables)]
    assert not any("\0" in text for text in (*command, *variables))
    assert all(size <= 131_072 for size in sizes)
    assert sum(sizes) + 8 * len(sizes) < 2**21


def _parts(mount: dict[str, str]) -> list[str]:
    return mount["Target"].split("/")


def _can_be_asked(check: HealthCheck) -> None:
    url = URL(f"http://10.0.0.1:80{check.path}")
    assert (url.host, url.port, url.raw_fragment) == ("10.0.0.1", 80, "")
    assert all(0 < each.total_seconds() <= 3600 for each in (check.interval, check.timeout))


def routes(session: Session, server_id: str) -> dict[str, bytes]:
    """The parts of the proxy's document, by the id of the application or the domain that they are made for.

    All that is in the database is in it, and nothing else.
    """
    table = routing_table(session, server_id)
    compiled = compile_routes(table.applications, key=_KEY, acme=table.acme)
    assert compiled.rejected == {}
    assert "{{" not in compiled.text
    http = orjson.loads(compiled.text)["http"]
    assert yaml.load(compiled.text, yaml.CSafeLoader)["http"] == http
    assert set(http) == {"routers", "services", "middlewares"}
    assert _domains(http) == set(session.exec(select(col(Domain.id))))
    assert {name for name in http["routers"] if "-" not in name} == {name for name in _OURS if "-" not in name}
    return {
        f"{section}/{name}": orjson.dumps(part, option=orjson.OPT_SORT_KEYS)
        for section, parts in http.items()
        for name, part in parts.items()
    }


def _domains(http: dict[str, Any]) -> set[str | None]:
    return {domain_of(name) for name in http["routers"]} - {None}
