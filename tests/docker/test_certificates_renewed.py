"""Certificates that are valid for minutes are renewed in time, and no visitor notices."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from engine.certificates.handshake import shown_certificate
from tests.docker.certified import Scene, running_scene

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.timeout(400)]

_VALID_SECONDS = 100  # Traefik looks once a minute at those that end within twenty
_RENEWALS = 3


@pytest.fixture
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with running_scene(tmp_path_factory.mktemp("renewed"), valid_seconds=_VALID_SECONDS) as made:
        yield made


async def test_no_handshake_fails_while_certificates_are_renewed(scene: Scene, unique: Callable[[str], str]) -> None:
    await scene.prepare(unique("project"), certificateDuration="1h")
    host = await scene.secure(f"{unique('shop')}.test")
    await scene.until_shown(host)
    seen: set[int] = set()
    handshakes = 0
    async with asyncio.timeout((_RENEWALS + 1) * 90):
        while len(seen) <= _RENEWALS:
            shown = await shown_certificate("127.0.0.1", scene.world.https_port, host)
            assert shown is not None, f"handshake {handshakes} failed"
            assert shown.not_valid_before_utc <= datetime.now(UTC) < shown.not_valid_after_utc
            seen.add(shown.serial_number)
            handshakes += 1
    assert handshakes > 1000
    await scene.until_shown(host)
    assert scene.authority.validations(host) == len(seen)
    assert await scene.noted(len(seen))
