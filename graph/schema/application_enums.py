"""How an application can be wanted, and what it can do. Take these enums from here: here they are explained."""

from db.models import ApplicationStatus, DesiredState, PullPolicy, RestartPolicy, Strategy
from engine.release_spec import CheckKind
from graph.enums import described

__all__ = ["ApplicationStatus", "CheckKind", "DesiredState", "PullPolicy", "RestartPolicy", "Strategy"]

described(
    DesiredState,
    "What a person wants of an application.",
    RUNNING="It shall run.",
    STOPPED="It shall not run until it is started or deployed again.",
    REMOVED="It shall go, with all its containers.",
)
described(
    ApplicationStatus,
    "What an application does, as far as Docker last told.",
    NEW="Nothing of it was ever live.",
    DEPLOYING="Its first release is on the way.",
    RUNNING="All replicas of the live release are ready.",
    DEGRADED="Some replicas of the live release are not ready.",
    FAILING="It shall run, and no replica is ready.",
    STOPPING="It shall not run, and something of it still does.",
    STOPPED="It does not run, as was asked for.",
    REMOVING="It is about to go.",
    UNREACHABLE="Its server does not answer. It may well run on.",
)
described(
    PullPolicy,
    "When a deployment asks the registry for the image.",
    ALWAYS="Every time, so that a moved tag is noticed.",
    IF_NOT_PRESENT="Only when the server does not have the image.",
)
described(
    Strategy,
    "How a new release takes over from the old one.",
    ROLLING="The new one is started beside the old one. No request is lost.",
    RECREATE="The old one is stopped first, for applications that must not run twice. Nobody answers meanwhile.",
)
described(
    RestartPolicy,
    "What happens when a container of a live release ends by itself.",
    UNLESS_STOPPED="It is started again.",
    ON_FAILURE="It is started again unless its exit code was 0.",
    NEVER="Nothing.",
)
described(
    CheckKind,
    "How a container is asked whether it is well.",
    HTTP="It is sent a GET request, and the status of the answer counts.",
    TCP="It has to accept a connection.",
    COMMAND="A command is run inside it and has to end with exit code 0.",
)
