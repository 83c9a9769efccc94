"""Secrets at rest: they come back only with the right key and in the right place."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.docker.values import RegistryCredentials
from engine.secrets import Cipher, SecretUnreadable, load_or_create_key
from engine.variables import VariableDraft

KEY = bytes(range(32))


@given(st.text())
def test_every_text_comes_back(text: str) -> None:
    cipher = Cipher(KEY)
    assert cipher.decrypt(cipher.encrypt(text, "here"), "here") == text


def test_the_same_text_is_never_written_twice_the_same_way() -> None:
    cipher = Cipher(KEY)
    assert cipher.encrypt("hunter2", "here") != cipher.encrypt("hunter2", "here")


@pytest.mark.parametrize("key", [KEY, bytes(32)])
def test_another_place_or_another_key_opens_nothing(key: bytes) -> None:
    token = Cipher(KEY).encrypt("hunter2", "here")
    with pytest.raises(SecretUnreadable):
        Cipher(key).decrypt(token, "there" if key == KEY else "here")


def test_a_changed_ciphertext_opens_nothing() -> None:
    token = Cipher(KEY).encrypt("hunter2", "here")
    with pytest.raises(SecretUnreadable):
        Cipher(KEY).decrypt(token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:], "here")


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    key = load_or_create_key(path)
    assert load_or_create_key(path) == key
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_damaged_key_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(b"short")
    with pytest.raises(SecretUnreadable, match="32 bytes"):
        load_or_create_key(path)


def test_what_holds_a_secret_does_not_print_it() -> None:
    for holder in (RegistryCredentials("me", "hunter2"), VariableDraft("NAME", "hunter2"), Cipher(KEY)):
        assert "hunter2" not in repr(holder)
