"""What all tests share: a port that is free, ids that are not used twice, and the seed of what is drawn by lot."""

import asyncio
import itertools
import os
import random
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import hypothesis
import pytest

from db.migrate import migrate
from db.sessions import Sessions
from tests.engine.vault import fill

# What is slow on a busy machine is not wrong: each test has a time limit of its own.
hypothesis.settings.register_profile("wharf", deadline=None)
hypothesis.settings.load_profile("wharf")

_numbers = itertools.count(1)
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw9").removeprefix("gw"))
_first = 12_000 + 2_000 * _worker
_ports = (_first + number % 2_000 for number in itertools.count(random.randrange(2_000)))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-permissions", action="store_true", help="write who may use which field as it is now")
    parser.addoption("--seed", type=int, default=1, help="what the tests that draw lots begin with")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no worker is left alone with it in the end."""
    longest = ("tests/simulation/test_schedules", "tests/docker/", "tests/simulation/")
    items.sort(key=lambda item: next((n for n, start in enumerate(longest) if item.nodeid.startswith(start)), 9))


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed: {config.getoption('--seed')}"


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """What a test that draws lots begins with; printed at the head of the run, and given again by `--seed`."""
    return int(request.config.getoption("--seed"))


@pytest.fixture
def unique() -> Callable[[str], str]:
    """A name that no other test of this run has."""
    return lambda word: f"{word}-{next(_numbers)}"


def free_port() -> int:
    """A port that nothing listens on, and that no other test of this run is given."""
    # Out of the range from which the kernel gives ports to connections, each worker from a part of its own.
    for port in _ports:
        with socket.socket() as trial, suppress(OSError):
            trial.bind(("127.0.0.1", port))
            return port
    raise AssertionError("A cycle has no end.")


def free_ports(count: int) -> tuple[int, int]:
    """The first and the last of so many ports in a row, as `free_port`."""
    while True:
        found = [free_port() for _ in range(count)]
        if found[-1] - found[0] == count - 1:
            return found[0], found[-1]


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all its tables and nothing in them, to be copied: making one takes half a second."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def database_url(tmp_path: Path, empty_database: Path) -> str:
    """A fresh database with all its tables."""
    shutil.copy(empty_database, tmp_path / "wharf.db")
    return f"sqlite:///{tmp_path / 'wharf.db'}"


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Path:
    """A data directory with a database of some 250 secrets, and their key; to be copied."""
    directory = tmp_path_factory.mktemp("filled")
    shutil.copy(empty_database, directory / "wharf.db")
    asyncio.run(fill(directory, 250))
    return directory


@pytest.fixture
def sessions(database_url: str) -> Iterator[Sessions]:
    opened = Sessions(database_url)
    yield opened
    opened.close()
