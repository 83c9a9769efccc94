"""Secrets at rest: they come back only with the right key and in the right place."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.docker.values import RegistryCredentials
from engine.engine import Engine
from engine.exposures.ports import Ports
from engine.secrets import Cipher, SecretUnreadable, load_or_create_key
from engine.settings import EngineSettings
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


def settings(directory: Path, database_url: str) -> EngineSettings:
    return EngineSettings(
        data_directory=directory,
        database_url=database_url,
        docker_host=f"unix://{directory}/nobody.sock",
        network_pool="10.213.0.0/16",
        proxy_image="traefik:v3.7.15",
        proxy_address="127.0.0.1",
        http_port=80,
        https_port=443,
        events_kept=1000,
        database_images=None,
        tcp_ports=Ports(9000, 9100),
        tcp_address="127.0.0.1",
        public_host="db.example.com",
    )


async def test_a_database_is_not_served_without_its_own_key(tmp_path: Path, database_url: str) -> None:
    engine = Engine(settings(tmp_path, database_url))
    await engine.start()
    await engine.stop()
    key = tmp_path / "secret.key"

    kept = key.rename(tmp_path / "elsewhere")
    with pytest.raises(SecretUnreadable, match="is missing"):
        Engine(settings(tmp_path, database_url))
    assert not key.exists(), "another key would hide that the right one is lost"

    key.write_bytes(bytes(32))
    with pytest.raises(SecretUnreadable, match="is not the key"):
        Engine(settings(tmp_path, database_url))

    kept.rename(key)
    again = Engine(settings(tmp_path, database_url))
    await again.start()
    await again.stop()
