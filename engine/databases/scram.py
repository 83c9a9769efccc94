"""What PostgreSQL keeps in place of a password, made here: the password itself is never in its logs or files."""

import base64
import hashlib
import hmac
import stringprep
import unicodedata

_ITERATIONS = 4096
_SALT_BYTES = 16
_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,
)


def scram_verifier(password: str, user: str) -> str:
    """PostgreSQL's own form of a SCRAM-SHA-256 verifier. The same arguments always give the same."""
    prepared = prepared_password(password)
    # Found out of the password at the price of one guess, so that nothing random has to be remembered.
    salt = hashlib.pbkdf2_hmac("sha256", prepared, b"wharf:" + user.encode(), _ITERATIONS)[:_SALT_BYTES]
    salted = hashlib.pbkdf2_hmac("sha256", prepared, salt, _ITERATIONS)
    stored_key = hashlib.sha256(_hmac(salted, b"Client Key")).digest()
    server_key = _hmac(salted, b"Server Key")
    return f"SCRAM-SHA-256${_ITERATIONS}:{_base64(salt)}${_base64(stored_key)}:{_base64(server_key)}"


def prepared_password(password: str) -> bytes:
    """The password after SASLprep, or as it is where that prohibits it: as PostgreSQL does it."""
    prepared = saslprep(password)
    return (password if prepared is None else prepared).encode()


def saslprep(password: str) -> str | None:
    """The one form of all that are written alike (RFC 4013); None for what that prohibits."""
    mapped = "".join(" " if stringprep.in_table_c12(c) else c for c in password if not stringprep.in_table_b1(c))
    prepared = unicodedata.normalize("NFKC", mapped)
    right_to_left = [c for c in prepared if stringprep.in_table_d1(c)]
    mixed = right_to_left and (
        any(stringprep.in_table_d2(c) for c in prepared) or {prepared[0], prepared[-1]} - set(right_to_left)
    )
    if not prepared or mixed or any(prohibits(c) for c in prepared for prohibits in _PROHIBITED):
        return None
    return prepared


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
