"""Secrets at rest: AES-256-GCM under a key that lies outside the database."""

import base64
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = "v1"
_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_BYTES = 32


def registry_place(application_id: str) -> str:
    """Where the registry password of an application belongs."""
    return f"application:{application_id}:registry"


def variable_place(variable_id: str) -> str:
    """Where one value of a variable belongs."""
    return f"variable:{variable_id}"


def database_place(database_id: str, what: str) -> str:
    """Where a secret of a database belongs: its "password", the "next password", its "variables"."""
    return f"database:{database_id}:{what}"


def certificate_place(certificate_id: str) -> str:
    """Where the private key of a certificate belongs."""
    return f"certificate:{certificate_id}:key"


def sealed_bytes(token: str) -> int:
    """How many bytes the text in a ciphertext has, at most two more."""
    return len(token.removeprefix(f"{_VERSION}:")) * 3 // 4 - _NONCE_BYTES - _TAG_BYTES


class SecretUnreadable(Exception):
    """A ciphertext was not written with this key, or not for this place."""


class Cipher:
    """Encrypts short texts. `place` ("application:<id>") is bound in: a ciphertext moved elsewhere does not open."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def encrypt(self, text: str, place: str) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._aead.encrypt(nonce, text.encode(), place.encode())
        return f"{_VERSION}:{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, token: str, place: str) -> str:
        """The text again. Raises `SecretUnreadable`."""
        try:
            raw = base64.b64decode(token.removeprefix(f"{_VERSION}:"))
            return self._aead.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SecretUnreadable(f"The secret of {place} cannot be read with this key.") from error

    def __repr__(self) -> str:
        return "Cipher([secret])"


def load_or_create_key(path: Path) -> bytes:
    """The 32 bytes in the file at `path`, made at the first call and readable by its owner only."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) != _KEY_BYTES:
            raise SecretUnreadable(f"{path} does not hold a key of {_KEY_BYTES} bytes.") from None
        return key
    with os.fdopen(descriptor, "wb") as file:
        key = secrets.token_bytes(_KEY_BYTES)
        file.write(key)
        file.flush()
        os.fsync(descriptor)
    return key
