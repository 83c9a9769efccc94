"""The operations that the dashboard asks for by their hashes, as its build has written them down."""

import hashlib
from pathlib import Path

import orjson

OPERATIONS = Path(__file__).parents[1] / "dashboard" / "build" / "operations.json"


class OperationsUnusable(Exception):
    """The file of operations cannot be used. `str(error)` says why."""


def read_operations(path: Path) -> dict[str, str]:
    """The texts of a file {SHA-256: text}, by their hashes; none where there is none. Raises `OperationsUnusable`."""
    try:
        operations = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, orjson.JSONDecodeError) as error:
        raise OperationsUnusable(f"The operations in {path} cannot be read: {error}.") from error
    if not isinstance(operations, dict) or not all(isinstance(text, str) for text in operations.values()):
        raise OperationsUnusable(f"The operations in {path} must be one object of hashes and texts.")
    for digest, text in operations.items():
        if digest != hashlib.sha256(text.encode()).hexdigest():
            raise OperationsUnusable(f"In {path}, {digest} is not the SHA-256 of its text.")
    return operations
