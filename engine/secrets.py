"""Secrets: texts that nothing prints, and how they are kept: AES-256-GCM, the key outside of the database."""

import base64
import hashlib
import hmac
import secrets
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
UNNAMED = "unnamed"
"""In place of the id of a key, for ciphertexts of version 0.1, which do not name theirs."""

_HIDDEN = "[secret]"
_VERSION = "v2"
_UNNAMED_VERSION = "v1"
_ID_BYTES = 4
_NONCE_BYTES = 12
_TAG_BYTES = 16
HEAD_CHARACTERS = len(f"{_VERSION}:") + 2 * _ID_BYTES
"""How much of a ciphertext it takes to see which key it was written with."""


class Secret:
    """A text that only `reveal` gives away: printed or logged it is "[secret]", and nothing formats or serialises it.

    It is opened where it leaves us, and nowhere before: for a container, a registry, a connection string, a proxy.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return _HIDDEN

    def __format__(self, _how: str) -> NoReturn:
        # What was made of it would be wrong, and nobody would notice: a password that is "[secret]".
        raise TypeError("A secret is not put into a text; reveal it where it leaves us.")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = (each._text.encode("utf-8", "surrogatepass") for each in (self, other))
        return hmac.compare_digest(mine, theirs)

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, _memo: object) -> "Secret":
        return self

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("A secret is not to be serialised.")

    def __getstate__(self) -> NoReturn:
        raise TypeError("A secret is not to be serialised.")


def sealed_bytes(token: str) -> int:
    """How many bytes the text in a ciphertext has, at most two more."""
    return len(token.rpartition(":")[2]) * 3 // 4 - _NONCE_BYTES - _TAG_BYTES


def key_named_in(token: str) -> str:
    """The id of the key that a ciphertext, or its head, was written with; `UNNAMED` where it does not say."""
    version, _, rest = token.partition(":")
    return UNNAMED if version == _UNNAMED_VERSION else rest[: 2 * _ID_BYTES]


class SecretUnreadable(Exception):
    """A ciphertext was written with a key that is not there, or not for this place."""


class Key:
    """32 bytes that ciphertexts are made with, and `id`, by which they name it and which tells nothing of it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.id = self.derived(b"id")[:_ID_BYTES].hex()
        self.aead = AESGCM(content)

    def derived(self, purpose: bytes) -> bytes:
        """32 bytes for another purpose, from which this key cannot be found."""
        return hmac.digest(self.content, purpose, hashlib.sha256)

    def __repr__(self) -> str:
        return f"Key({self.id})"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("A key is not to be serialised.")


class Cipher:
    """Encrypts short texts. `place` ("application:<id>") is bound in: a ciphertext moved elsewhere does not open.

    `keys`: the first one encrypts, each opens what was written with it.
    """

    def __init__(self, *keys: Key) -> None:
        self._keys: dict[str, Key] = {}
        self.use(*keys)

    def use(self, *keys: Key) -> None:
        """Encrypt with the first of these from now on. What could be opened until now still can."""
        # Somebody may hold a ciphertext that was read before it was written anew.
        self._keys |= {key.id: key for key in keys}
        self.current = keys[0]

    @property
    def head(self) -> str:
        """What every ciphertext begins with that is made now."""
        return f"{_VERSION}:{self.current.id}"

    def encrypt(self, secret: Secret, place: str) -> str:
        nonce, head = secrets.token_bytes(_NONCE_BYTES), self.head
        sealed = self.current.aead.encrypt(nonce, secret.reveal().encode(), place.encode())
        return f"{head}:{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, token: str, place: str) -> Secret:
        """The text again. Raises `SecretUnreadable`."""
        return self._opened(token, place)[1]

    def key_of(self, token: str, place: str) -> Key:
        """The key that opens a ciphertext. Raises `SecretUnreadable`."""
        return self._opened(token, place)[0]

    def _opened(self, token: str, place: str) -> tuple[Key, Secret]:
        named = key_named_in(token)
        for key in self._keys.values() if named == UNNAMED else filter(None, [self._keys.get(named)]):
            try:
                raw = base64.b64decode(token.rpartition(":")[2])
                text = key.aead.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode()).decode()
                return key, Secret(text)
            except (InvalidTag, ValueError):
                continue
        held = " and ".join(self._keys)
        raise SecretUnreadable(f"The secret of {place} rests on the key {named}, and cannot be read with {held}.")

    def __repr__(self) -> str:
        return f"Cipher({', '.join(self._keys)})"
