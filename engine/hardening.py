"""What the processes of a container may do beyond those of an ordinary user, and how many they may be."""

from collections.abc import Collection
from enum import Enum
from typing import Any


class Capability(Enum):
    """What Docker gives a container when nobody says otherwise. No container of ours has any other."""

    AUDIT_WRITE = "AUDIT_WRITE"
    CHOWN = "CHOWN"
    DAC_OVERRIDE = "DAC_OVERRIDE"
    FOWNER = "FOWNER"
    FSETID = "FSETID"
    KILL = "KILL"
    MKNOD = "MKNOD"
    NET_BIND_SERVICE = "NET_BIND_SERVICE"
    NET_RAW = "NET_RAW"
    SETFCAP = "SETFCAP"
    SETGID = "SETGID"
    SETPCAP = "SETPCAP"
    SETUID = "SETUID"
    SYS_CHROOT = "SYS_CHROOT"


USUAL_CAPABILITIES = (
    Capability.CHOWN,
    Capability.DAC_OVERRIDE,
    Capability.FOWNER,
    Capability.FSETID,
    Capability.KILL,
    Capability.NET_BIND_SERVICE,
    Capability.SETGID,
    Capability.SETPCAP,
    Capability.SETUID,
)
"""What an image needs that starts as root, prepares its files, and goes on as another user."""

NO_NEW_PRIVILEGES = ["no-new-privileges"]
"""As a security option of Docker: no program gives its process more than it has, whatever its file says."""


def only(capabilities: Collection[Capability]) -> dict[str, Any]:
    """The part of Docker's host configuration by which a container has these capabilities and no others."""
    return {"CapDrop": ["ALL"], "CapAdd": sorted(each.value for each in capabilities)}
