"""The file of known operations."""

import json
from pathlib import Path

import pytest

from graph.persisted import digest_of
from wharf.operations import OperationsUnusable, read_operations

KNOWN = "query Dashboard { viewer }"


def test_the_operations_of_a_file_are_known_by_their_hashes(tmp_path: Path) -> None:
    path = tmp_path / "operations.json"
    assert read_operations(path) == {}
    path.write_text(json.dumps({digest_of(KNOWN): KNOWN}))
    assert read_operations(path) == {digest_of(KNOWN): KNOWN}


@pytest.mark.parametrize("wrong", ["[]", "{", '{"a": 5}', json.dumps({digest_of(KNOWN): "{ viewer }"})])
def test_what_is_wrong_with_a_file_of_operations_is_told(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "operations.json"
    path.write_text(wrong)
    with pytest.raises(OperationsUnusable, match=str(path)):
        read_operations(path)
