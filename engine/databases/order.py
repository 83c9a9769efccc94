"""From a database's row to what is told to Docker and to the server in the container."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from db.models import Database
from engine import labels
from engine.databases.catalogue import CATALOGUE, image
from engine.databases.kinds import Credentials, Kind, Setup
from engine.hardening import NO_NEW_PRIVILEGES, only
from engine.secret_places import database_place
from engine.secrets import Cipher

_LOG_CONFIG = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}
_SHARED_MEMORY = 256 * 1024 * 1024  # PostgreSQL's parallel queries need more than Docker's 64 MiB
_PIDS_LIMIT = 16_384  # ClickHouse alone has up to 10,000 threads in its pool
_HEALTH_SECONDS = 30
_NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Berth:
    """Where a database's server runs. Without a `network` only commands inside its container reach it."""

    name: str
    labels: Mapping[str, str]
    network: str | None
    alias: str | None
    volume: str
    volume_labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Order:
    """One server to be run: what, where, and with what it is reached. `fingerprint` names all but the password."""

    kind: Kind
    setup: Setup
    berth: Berth
    image: str
    body: Mapping[str, Any] = field(repr=False)
    fingerprint: str


def berth_of(instance_id: str, database: Database) -> Berth:
    """Where the server of a database runs for those who use it."""
    return Berth(
        name=labels.database_container_name(database.id),
        labels=labels.database_labels(instance_id, database.environment_id, database.id),
        network=labels.network_name(database.environment_id),
        alias=database.name,
        volume=labels.volume_name(database.volume_id),
        volume_labels=labels.database_volume_labels(instance_id, database.id, database.volume_id),
    )


def order_of(database: Database, berth: Berth, cipher: Cipher, images: str | None) -> Order:
    """What it takes to run the database at `berth`. `images` is where images come from; None: their own places."""
    kind = CATALOGUE[database.kind]
    setup = setup_of(database, cipher)
    name = image(kind, database.version, images)
    fingerprint = _fingerprint(database, name, cipher)
    marked = replace(berth, labels={**berth.labels, labels.SPEC: fingerprint})
    body = container_body(database, kind, setup, marked, name, variables_of(database, cipher))
    return Order(kind, setup, marked, name, body, fingerprint)


def setup_of(database: Database, cipher: Cipher) -> Setup:
    """The database as it is wanted, with the password that its server has."""
    password = cipher.decrypt(database.password, database_place(database.id, "password"))
    credentials = Credentials(database.username, password, database.database_name)
    return Setup(database.version, credentials, database.configuration or "")


def variables_of(database: Database, cipher: Cipher) -> dict[str, str]:
    """What the user wants in the environment of the server."""
    if database.variables is None:
        return {}
    sealed = cipher.decrypt(database.variables, database_place(database.id, "variables"))
    found: dict[str, str] = json.loads(sealed.reveal())
    return found


def container_body(
    database: Database, kind: Kind, setup: Setup, berth: Berth, image: str, variables: Mapping[str, str]
) -> dict[str, Any]:
    """What Docker's "create a container" takes. The same arguments always give the same dictionary.

    The restart policy is "no": one that ends before it was ever ready is a failure to be told.
    """
    ready = kind.ready(setup)
    body: dict[str, Any] = {
        "Image": image,
        "Env": [f"{name}={value}" for name, value in sorted({**variables, **kind.variables(setup)}.items())],
        "Labels": dict(berth.labels),
        "StopSignal": kind.stop_signal,
        "StopTimeout": math.ceil(kind.stop_grace),
        "HostConfig": _host_config(database, kind, setup, berth),
    }
    if berth.network and berth.alias:
        body["NetworkingConfig"] = {"EndpointsConfig": {berth.network: {"Aliases": [berth.alias]}}}
    if kind.command is not None:
        body["Cmd"] = list(kind.command(setup))
    if not ready.environment and not ready.files and ready.standard_input is None and ready.answer is None:
        body["Healthcheck"] = {
            "Test": ["CMD", *ready.arguments],
            "Interval": _HEALTH_SECONDS * _NANO,
            "Timeout": _HEALTH_SECONDS * _NANO,
            "Retries": 2,
        }
    return body


def _host_config(database: Database, kind: Kind, setup: Setup, berth: Berth) -> dict[str, Any]:
    mount = {"Type": "volume", "Source": berth.volume, "Target": kind.data_path(setup.version)}
    config: dict[str, Any] = {
        "NetworkMode": berth.network or "none",
        "RestartPolicy": {"Name": "no"},
        "LogConfig": _LOG_CONFIG,
        "SecurityOpt": NO_NEW_PRIVILEGES,
        "PidsLimit": _PIDS_LIMIT,
        **only(kind.capabilities),
        "ShmSize": _SHARED_MEMORY,
        "Mounts": [mount],
    }
    if database.cpu_limit is not None:
        config["NanoCpus"] = round(database.cpu_limit * _NANO)
    if database.memory_limit is not None:
        config["Memory"] = config["MemorySwap"] = database.memory_limit
    return config


def _fingerprint(database: Database, image: str, cipher: Cipher) -> str:
    """Names what a person wants, not what we make of it: a later version of ours restarts nobody's database."""
    wanted = [
        image,
        database.volume_id,
        database.configuration,
        sorted(variables_of(database, cipher).items()),
        database.cpu_limit,
        database.memory_limit,
    ]
    return hashlib.sha256(json.dumps(wanted).encode()).hexdigest()[:32]
