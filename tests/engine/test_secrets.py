"""Secrets: nothing gives them away, and they come back only with the right key and in the right place."""

import base64
import copy
import json
import logging
import pickle
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.docker.values import RegistryCredentials
from engine.engine import Engine
from engine.exposures.ports import Ports
from engine.key_ring import KeyRing, keys_in
from engine.secrets import Cipher, Key, Secret, SecretUnreadable, key_named_in
from engine.settings import EngineSettings
from engine.variables import VariableDraft

KEY, OTHER = Key(bytes(range(32))), Key(bytes(32))
HUNTER = Secret("hunter2")


@dataclass
class Holder:
    name: str
    secret: Secret


@given(st.text())
def test_every_text_comes_back(text: str) -> None:
    cipher = Cipher(KEY)
    assert cipher.decrypt(cipher.encrypt(Secret(text), "here"), "here").reveal() == text


def test_the_same_text_is_never_written_twice_the_same_way() -> None:
    cipher = Cipher(KEY)
    assert cipher.encrypt(HUNTER, "here") != cipher.encrypt(HUNTER, "here")


@pytest.mark.parametrize("key", [KEY, OTHER])
def test_another_place_or_another_key_opens_nothing(key: Key) -> None:
    token = Cipher(KEY).encrypt(HUNTER, "here")
    with pytest.raises(SecretUnreadable):
        Cipher(key).decrypt(token, "there" if key == KEY else "here")


def test_a_changed_ciphertext_opens_nothing() -> None:
    token = Cipher(KEY).encrypt(HUNTER, "here")
    with pytest.raises(SecretUnreadable):
        Cipher(KEY).decrypt(token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:], "here")


def test_a_ciphertext_names_its_key_and_opens_when_another_one_encrypts() -> None:
    cipher = Cipher(KEY)
    before = cipher.encrypt(HUNTER, "here")
    cipher.use(OTHER)
    after = cipher.encrypt(HUNTER, "here")
    assert (key_named_in(before), key_named_in(after)) == (KEY.id, OTHER.id)
    assert cipher.decrypt(before, "here") == cipher.decrypt(after, "here") == HUNTER
    with pytest.raises(SecretUnreadable, match=f"rests on the key {KEY.id}"):
        Cipher(OTHER).decrypt(before, "here")


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    ring = KeyRing(path)
    ring.make()
    assert [key.id for key in KeyRing(path).keys] == [key.id for key in ring.keys]
    assert len(path.read_bytes()) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_key_encrypts_and_the_old_one_stays_until_it_is_dropped(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "secret.key")
    ring.make()
    (old,) = ring.keys
    ring.make()
    new, kept = KeyRing(ring.path).keys
    assert kept.id == old.id
    assert ring.superfluous({new.id, old.id}) == ring.superfluous({"unnamed"}) == ()
    ring.drop(ring.superfluous({new.id}))
    assert [key.id for key in KeyRing(ring.path).keys] == [new.id]


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_a_damaged_key_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    with pytest.raises(SecretUnreadable, match="32 bytes"):
        KeyRing(path)


def test_what_a_kill_left_of_a_new_key_is_not_taken_for_one(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.with_name("secret.key.new").write_bytes(b"half a key")
    ring = KeyRing(path)
    assert ring.keys == ()
    ring.make()
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_that_prints_shows_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("engine").error("%s %r", HUNTER, Holder("me", HUNTER))
    shown = [repr(HUNTER), str(HUNTER), "%s" % HUNTER, f"{HUNTER!r}", repr(Holder("me", HUNTER)), caplog.text]  # noqa: UP031
    assert not [text for text in shown if "hunter2" in text]
    assert all("[secret]" in text for text in shown)
    for holder in (RegistryCredentials("me", HUNTER), VariableDraft("NAME", HUNTER)):
        assert "hunter2" not in repr(holder)
    for key in (Cipher(KEY), KEY):
        assert KEY.id in repr(key)
        assert str(KEY.content) not in repr(key)


@pytest.mark.parametrize(
    "put_into_a_text",
    [
        lambda: f"{HUNTER}",
        lambda: "{}".format(HUNTER),  # noqa: UP032
        lambda: format(HUNTER, ">9"),
        lambda: "user:" + HUNTER,  # type: ignore[operator]
        lambda: "".join([HUNTER]),  # type: ignore[list-item]
        lambda: bytes(HUNTER),  # type: ignore[call-overload]
    ],
)
def test_a_secret_is_no_part_of_a_text(put_into_a_text: Any) -> None:
    with pytest.raises(TypeError) as refused:
        put_into_a_text()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "serialise",
    [
        json.dumps,
        orjson.dumps,
        lambda held: orjson.dumps(held, option=orjson.OPT_SERIALIZE_NUMPY),
        pickle.dumps,
        lambda held: pickle.dumps(held, protocol=0),
        lambda held: json.dumps(held.__getstate__()),
        lambda held: json.dumps(vars(held)),
        lambda held: json.dumps(asdict(Holder("me", held))),
        lambda held: orjson.dumps(Holder("me", held)),
    ],
)
def test_nothing_serialises_a_secret(serialise: Any) -> None:
    with pytest.raises(TypeError) as refused:
        serialise(HUNTER)
    assert "hunter2" not in str(refused.value)


def test_a_copy_of_a_secret_is_as_silent_as_it() -> None:
    held = Holder("me", HUNTER)
    for copied in (copy.copy(HUNTER), copy.deepcopy(held).secret, asdict(held)["secret"]):
        assert copied is HUNTER
    assert "hunter2" not in json.dumps(asdict(held), default=str)


def test_secrets_are_the_same_by_what_they_are() -> None:
    assert Secret("a\ud800") == Secret("a\ud800") != Secret("b")
    assert HUNTER != "hunter2"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


@pytest.mark.parametrize("text", ["", "x", "not base64!", base64.b64encode(bytes(31)).decode(), f"{'A' * 43}=,"])
def test_what_is_no_key_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(ValueError, match="must be 32 random bytes") as refused:
        keys_in(Secret(text))
    assert len(text) < 5 or text not in str(refused.value)


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
