"""Volumes of an application: where its containers keep what outlives them."""

from dataclasses import dataclass

from sqlmodel import Session, select

from db.models import Volume
from engine.application_rules import MAX_VOLUMES, check_mount_path
from engine.errors import Conflict, InvalidInput, NameTaken

_INPUT = ("input",)


@dataclass(frozen=True, slots=True)
class VolumeDraft:
    name: str
    mount_path: str
    read_only: bool = False


def write_volume(session: Session, application_id: str, draft: VolumeDraft, path: tuple[str, ...] = _INPUT) -> Volume:
    """Add a volume; `path` is where it stands in the input.

    Raises `NameTaken`, `Conflict` for a mount path in use, `InvalidInput`.
    """
    check_mount_path(draft.mount_path, (*path, "mountPath"))
    present = session.exec(select(Volume).where(Volume.application_id == application_id)).all()
    if len(present) >= MAX_VOLUMES:
        raise InvalidInput(f"An application has at most {MAX_VOLUMES} volumes.", field=(*path, "name"))
    if any(volume.name == draft.name for volume in present):
        raise NameTaken(f"There is a volume named {draft.name} already.", field=(*path, "name"))
    if any(volume.mount_path == draft.mount_path for volume in present):
        raise Conflict(f"Another volume is mounted at {draft.mount_path}.", field=(*path, "mountPath"))
    volume = Volume(
        application_id=application_id, name=draft.name, mount_path=draft.mount_path, read_only=draft.read_only
    )
    session.add(volume)
    session.flush()
    return volume
