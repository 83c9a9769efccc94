from pathlib import Path

import pytest

from tests.graph.api.conftest import nothing_converges
from tests.operations.planted import Planted, plant

__all__ = ["nothing_converges"]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Planted:
    return plant(tmp_path_factory.mktemp("planted"), empty_database)
