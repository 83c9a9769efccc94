"""Another key: every secret rests on it in the end, and nothing is forgotten before that is on the disk."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import Session, select

from db.migrate import migrate
from db.models import Database, Instance
from db.sessions import Sessions
from engine.databases.commands import Outcome
from engine.databases.order import berth_of, order_of
from engine.databases.rotation import Rotation
from engine.engine import Engine
from engine.instance import unlock
from engine.key_ring import KEY_FILE, KeyRing
from engine.rekeying import Rekeying, ask_for_key
from engine.secrets import Secret, SecretUnreadable, key_named_in
from tests.db.test_releases import RELEASES
from tests.engine.test_secrets import settings
from tests.engine.vault import NEXT, damage_a_secret, every_secret, keys_in_use, keys_kept

GIVEN = Secret(base64.b64encode(b"the key that somebody else keeps").decode())


@pytest.fixture
def before(tmp_path: Path, filled: Path) -> dict[str, str]:
    """The secrets of an installation in `tmp_path`."""
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    return every_secret(tmp_path)


@asynccontextmanager
async def running(directory: Path, given: Secret | None = None) -> AsyncIterator[Engine]:
    engine = Engine(replace(settings(directory, f"sqlite:///{directory / 'wharf.db'}"), secret_key=given))
    await engine.start()
    yield engine
    await engine.stop()


async def rests_on(directory: Path, keys: int, kept: int) -> None:
    """Wait until the secrets rest on so many keys, and the file has so many."""
    while (len(keys_in_use(directory)), len(keys_kept(directory))) != (keys, kept):
        await asyncio.sleep(0.01)


async def test_a_server_that_runs_takes_another_key(tmp_path: Path, before: dict[str, str]) -> None:
    (old,) = keys_in_use(tmp_path)
    async with running(tmp_path) as engine:
        opened = every_secret(tmp_path)  # with what the proxies know us by, since the start
        known = engine.host.proxy.settings.key
        await engine.sessions.write(ask_for_key)
        while keys_kept(tmp_path) == {old}:
            assert every_secret(tmp_path) == opened
            await asyncio.sleep(0)
        await rests_on(tmp_path, 1, 1)
        assert keys_in_use(tmp_path) == keys_kept(tmp_path) != {old}
        assert every_secret(tmp_path) == opened
        assert before.items() <= opened.items()
    async with running(tmp_path) as engine:
        assert engine.host.proxy.settings.key == known, "the proxies would have to be made anew"


async def test_another_process_asks_and_the_server_notices(tmp_path: Path, before: dict[str, str]) -> None:
    (old,) = keys_in_use(tmp_path)
    async with running(tmp_path):
        with closing(Sessions(f"sqlite:///{tmp_path / 'wharf.db'}")) as elsewhere:
            await elsewhere.write(ask_for_key)
        while keys_kept(tmp_path) == {old}:
            await asyncio.sleep(0.01)
        await rests_on(tmp_path, 1, 1)


async def test_a_key_from_the_variable_takes_over_and_leaves_none_in_the_file(
    tmp_path: Path, before: dict[str, str]
) -> None:
    async with running(tmp_path, GIVEN):
        await rests_on(tmp_path, 1, 0)
    assert not (tmp_path / KEY_FILE).exists()
    assert before.items() <= every_secret(tmp_path, GIVEN).items()
    with pytest.raises(SecretUnreadable, match="is missing"):
        Engine(settings(tmp_path, f"sqlite:///{tmp_path / 'wharf.db'}"))


async def test_a_new_key_in_the_variable_follows_the_old_one_behind_it(
    tmp_path: Path, before: dict[str, str]
) -> None:
    fresh = Secret(base64.b64encode(os.urandom(32)).decode())
    async with running(tmp_path, GIVEN):
        await rests_on(tmp_path, 1, 0)
    both = Secret(f"{fresh.reveal()}, {GIVEN.reveal()}")
    with pytest.raises(SecretUnreadable, match=r"in WHARF_SECRET_KEY is not the key"):
        async with running(tmp_path, fresh):
            pass
    async with running(tmp_path, both):
        while keys_in_use(tmp_path) != {KeyRing(tmp_path / KEY_FILE, fresh).keys[0].id}:
            await asyncio.sleep(0.01)
    assert before.items() <= every_secret(tmp_path, fresh).items()


async def test_a_server_whose_key_is_given_makes_none(
    tmp_path: Path, before: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path, GIVEN) as engine:
        await rests_on(tmp_path, 1, 0)
        await engine.sessions.write(ask_for_key)
        while engine.sessions.read_now(lambda session: session.exec(select(Instance.key_wanted)).one()):
            await asyncio.sleep(0.01)
        assert keys_kept(tmp_path) == set()
    assert "not made: the key comes from WHARF_SECRET_KEY" in caplog.text


async def test_a_key_that_is_dropped_too_early_is_missed_at_the_start(tmp_path: Path, before: dict[str, str]) -> None:
    path = tmp_path / KEY_FILE
    old = path.read_bytes()
    with closing(Sessions(f"sqlite:///{tmp_path / 'wharf.db'}")) as sessions:
        ring = KeyRing(path)
        cipher = sessions.read_now(unlock, ring)
        await sessions.write(ask_for_key)
        await Rekeying(sessions, ring, cipher)._follow_wish()
    path.write_bytes(path.read_bytes().removesuffix(old))
    with pytest.raises(SecretUnreadable, match=rf"253 secrets in the database rest on the key {key_id(old)}, which"):
        Engine(settings(tmp_path, f"sqlite:///{tmp_path / 'wharf.db'}"))


def key_id(content: bytes) -> str:
    return hmac.digest(content, b"id", hashlib.sha256)[:4].hex()


async def test_a_secret_that_cannot_be_read_keeps_its_key(
    tmp_path: Path, before: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    (old,) = keys_kept(tmp_path)
    damage_a_secret(tmp_path)
    caplog.set_level("INFO")
    async with running(tmp_path) as engine:
        await engine.sessions.write(ask_for_key)
        while "It is left as it is" not in caplog.text or "secrets rest on the key" not in caplog.text:
            await asyncio.sleep(0.01)
        assert keys_in_use(tmp_path) == keys_kept(tmp_path)
        assert old in keys_kept(tmp_path)
        assert len(keys_kept(tmp_path)) == 2


async def test_no_key_is_used_or_dropped_before_the_disk_has_what_it_needs(
    tmp_path: Path, before: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a loss of power would need: a commit alone leaves what was written anew in the memory of the system."""
    happened: list[str] = []
    sync, put, write = os.fsync, Path.replace, Sessions.write

    def synced(descriptor: int) -> None:
        happened.append(f"on disk: {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name}")
        sync(descriptor)

    def replaced(path: Path, target: Path) -> Path:
        happened.append(f"{target.name} has {len(path.read_bytes()) // 32} key(s)")
        return put(path, target)

    async def written(self: Sessions, change: object, *arguments: object) -> object:
        happened.append("write")
        return await write(self, change, *arguments)  # type: ignore[arg-type]

    with closing(Sessions(f"sqlite:///{tmp_path / 'wharf.db'}")) as sessions:
        ring = KeyRing(tmp_path / KEY_FILE)
        cipher = sessions.read_now(unlock, ring)
        await sessions.write(ask_for_key)
        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(Path, "replace", replaced)
        monkeypatch.setattr(Sessions, "write", written)
        await Rekeying(sessions, ring, cipher).carry_out()
    steps = [step for step, last in zip(happened, [None, *happened], strict=False) if step != last]
    new, directory = "on disk: secret.key.new", f"on disk: {tmp_path.name}"
    made = [new, "secret.key has 2 key(s)", directory]
    assert steps == [*made, "write", "on disk: wharf.db-wal", new, "secret.key has 1 key(s)", directory]


class _Servers:
    """A server that takes a password, or not, while the secrets are written anew."""

    def __init__(self, rekeying: Rekeying, *, takes_it: bool) -> None:
        self._rekeying = rekeying
        self._worked = [False, takes_it, takes_it]

    async def run(self, _order: object, _command: object) -> Outcome:
        await self._rekeying.carry_out()
        return Outcome(self._worked.pop(0), 0, "", "")


@pytest.mark.parametrize("takes_it", [True, False])
async def test_a_password_that_was_written_anew_meanwhile_is_still_the_one_that_was_asked_for(
    tmp_path: Path, before: dict[str, str], takes_it: bool
) -> None:
    with closing(Sessions(f"sqlite:///{tmp_path / 'wharf.db'}")) as sessions:
        ring = KeyRing(tmp_path / KEY_FILE)
        cipher = sessions.read_now(unlock, ring)
        database = sessions.read_now(_the_database)
        order = order_of(database, berth_of("i", database), cipher, None)
        await sessions.write(ask_for_key)
        servers = _Servers(Rekeying(sessions, ring, cipher), takes_it=takes_it)
        await Rotation(sessions, servers, cipher, lambda _: None).carry_out(database, order)  # type: ignore[arg-type]
        after = sessions.read_now(_the_database)
        assert key_named_in(after.password) == cipher.current.id != key_named_in(database.password)
        assert after.next_password is None
        assert (every_secret(tmp_path)[f"database:{after.id}:password"] == NEXT) is takes_it
        assert bool(after.rotation_failure) is not takes_it


def _the_database(session: Session) -> Database:
    return session.exec(select(Database)).one()


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
async def test_what_version_0_1_wrote_names_its_key_after_the_first_start(release: Path, tmp_path: Path) -> None:
    known = json.loads((release / "known.json").read_text())
    for name in ("wharf.db", KEY_FILE):
        shutil.copy(release / name, tmp_path)
    migrate(f"sqlite:///{tmp_path / 'wharf.db'}")
    key = (tmp_path / KEY_FILE).read_bytes()
    async with running(tmp_path) as engine:
        await rests_on(tmp_path, 1, 1)
        assert engine.host.proxy.settings.key == hmac.new(key, b"proxy", hashlib.sha256).hexdigest()
        assert engine._identity.proxy_keys.tcp == hmac.digest(key, b"tcp-proxies", hashlib.sha256)
    assert keys_in_use(tmp_path) == {key_id(key)}
    assert (tmp_path / KEY_FILE).read_bytes() == key
    assert {*known["variables"].values(), known["registry_password"]} <= set(every_secret(tmp_path).values())
