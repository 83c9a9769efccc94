"""How the things we make on a Docker host are named and marked: from our ids, never from what a user typed."""

from collections.abc import Mapping

INSTANCE = "wharf.instance"
KIND = "wharf.kind"
APPLICATION = "wharf.application"
RELEASE = "wharf.release"
REPLICA = "wharf.replica"
ENVIRONMENT = "wharf.environment"
VOLUME = "wharf.volume"
DATABASE = "wharf.database"
TCP_PROXY = "wharf.tcp-proxy"
SPEC = "wharf.spec"
SCRATCH = "wharf.scratch"

PROXY = "proxy"
APPLICATION_KIND = "application"
DATABASE_KIND = "database"
SCRATCH_KIND = "scratch"
TCP_PROXY_KIND = "tcp-proxy"


def ours(instance_id: str) -> dict[str, str]:
    """The label that everything of this instance carries, and nothing else does."""
    return {INSTANCE: instance_id}


def container_name(release_id: str, replica: int) -> str:
    return f"wharf-{release_id}-{replica}"


def network_name(environment_id: str) -> str:
    return f"wharf-{environment_id}"


def volume_name(volume_id: str) -> str:
    return f"wharf-{volume_id}"


def container_labels(
    instance_id: str, environment_id: str, application_id: str, release_id: str, replica: int
) -> dict[str, str]:
    return {
        INSTANCE: instance_id,
        KIND: APPLICATION_KIND,
        ENVIRONMENT: environment_id,
        APPLICATION: application_id,
        RELEASE: release_id,
        REPLICA: str(replica),
    }


def database_container_name(database_id: str) -> str:
    return f"wharf-db-{database_id}"


def database_labels(instance_id: str, environment_id: str, database_id: str) -> dict[str, str]:
    return {INSTANCE: instance_id, KIND: DATABASE_KIND, ENVIRONMENT: environment_id, DATABASE: database_id}


def network_labels(instance_id: str, environment_id: str) -> dict[str, str]:
    return {INSTANCE: instance_id, KIND: "environment", ENVIRONMENT: environment_id}


def volume_labels(instance_id: str, application_id: str, volume_id: str) -> dict[str, str]:
    return {INSTANCE: instance_id, KIND: "volume", APPLICATION: application_id, VOLUME: volume_id}


def database_volume_labels(instance_id: str, database_id: str, volume_id: str) -> dict[str, str]:
    return {INSTANCE: instance_id, KIND: "volume", DATABASE: database_id, VOLUME: volume_id}


def scratch_name(job_id: str) -> str:
    """Of the container beside the live one that a dump is proven in, or a restore is made in."""
    return f"wharf-scratch-{job_id}"


def scratch_labels(instance_id: str, database_id: str, job_id: str) -> dict[str, str]:
    """Of what goes with the job, a dump or a restore, that it was made for."""
    return {INSTANCE: instance_id, KIND: SCRATCH_KIND, DATABASE: database_id, SCRATCH: job_id}


def restored_volume_labels(instance_id: str, database_id: str, volume_id: str, restore_id: str) -> dict[str, str]:
    """Of a volume that goes when the restore fails, and is the database's own from when it is switched to."""
    return {**database_volume_labels(instance_id, database_id, volume_id), SCRATCH: restore_id}


def is_application(labels: Mapping[str, str]) -> bool:
    return labels.get(KIND) == APPLICATION_KIND
