"""Where the host has the files of a process that runs in a container."""

from pathlib import Path

import pytest

from engine.own_container import behind_mounts, id_in

MOUNTS = {"/data": "/var/lib/docker/volumes/data/_data", "/data/inner": "/srv/inner", "/run/docker.sock": "/run/d"}


@pytest.mark.parametrize(
    ("path", "on_host"),
    [
        ("/data", "/var/lib/docker/volumes/data/_data"),
        ("/data/proxy", "/var/lib/docker/volumes/data/_data/proxy"),
        ("/data/inner/proxy", "/srv/inner/proxy"),
        ("/database", None),
        ("/srv/inner", None),
    ],
)
def test_a_path_is_behind_the_innermost_mount_around_it(path: str, on_host: str | None) -> None:
    assert behind_mounts(MOUNTS, Path(path)) == on_host


def test_a_container_knows_its_id_by_the_file_that_docker_mounts_into_it() -> None:
    own = "0123456789abcdef" * 4
    line = f"871 855 254:0 /var/lib/docker/containers/{own}/hostname /etc/hostname rw,relatime - ext4 /dev/vda rw\n"
    assert id_in(f"855 1 0:52 / / rw - overlay overlay rw\n{line}") == own
    assert id_in("29 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n") is None
