"""How an application can be wanted, and what it can do. Take these enums from here: here they are explained."""

from db.models import ApplicationStatus, DesiredState, MaintenanceMode, PullPolicy, RestartPolicy, Strategy
from engine.hardening import USUAL_CAPABILITIES, Capability
from engine.release_spec import CheckKind
from graph.enums import described

__all__ = [
    "USUAL",
    "ApplicationStatus",
    "Capability",
    "CheckKind",
    "DesiredState",
    "MaintenanceMode",
    "PullPolicy",
    "RestartPolicy",
    "Strategy",
]

_UNUSUAL = sorted(each.name for each in Capability if each not in USUAL_CAPABILITIES)
USUAL = f"the usual, which is everything but {', '.join(_UNUSUAL[:-1])} and {_UNUSUAL[-1]}"
"""What an application has that asks for no capability by name."""

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
    MaintenanceMode,
    "What visitors of an application meet while somebody works on it.",
    OFF="The application.",
    PAGE="A page that says so, with status 503.",
    HOLD="Nothing for up to 30 seconds: then the application, if the mode is OFF again by then, or else the page. "
    "Nobody notices a short interruption; as many as 500 requests wait for each name of a domain.",
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
described(
    Capability,
    "What the user root may do in a container and other users may not. These are all that Docker gives by itself; no "
    "container has more.",
    AUDIT_WRITE="Write into the audit log of the host. An SSH server needs it, and `su` in some older images.",
    CHOWN="Give files to another user.",
    DAC_OVERRIDE="Read and write any file of the container.",
    FOWNER="Change the mode of files of other users.",
    FSETID="Keep the set-user-id and set-group-id bits of a file that is changed.",
    KILL="Send signals to processes of other users.",
    MKNOD="Make device files.",
    NET_BIND_SERVICE="Listen on ports below 1024.",
    NET_RAW="Send packets of any content, as `ping` and `tcpdump` may, and those who forge addresses.",
    SETFCAP="Give capabilities to the file of a program.",
    SETGID="Become a member of any group.",
    SETPCAP="Give up capabilities for good.",
    SETUID="Become any user.",
    SYS_CHROOT="Change the root directory, as mail, SSH and FTP servers may.",
)
