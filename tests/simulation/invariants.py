"""What must hold once faults have stopped and all rests, each as a sentence. Each yields what contradicts it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from db.models import (
    ApplicationStatus,
    DeploymentStatus,
    DesiredState,
    Event,
    EventKind,
    MaintenanceMode,
    ProxyState,
    ReleaseStatus,
    ServerState,
)
from engine import labels
from engine.deployments.steps import NEXT
from engine.proxy.compiler import compile_routes
from engine.routing_table import routing_table
from tests.simulation.snapshot import Books
from tests.simulation.world import World

SECRET = "a-secret-that-nobody-may-see"
"""The value of the secret variable that applications of the simulation have."""

_ENDS = {status.value for status, following in NEXT.items() if not following}


def nothing_under_way(books: Books) -> Iterator[str]:
    """Every deployment comes to an end"""
    for deployment in books.deployments:
        if deployment.finished_at is None:
            yield f"deployment {deployment.number} is {deployment.status.value}"


def wanted_is_reached(books: Books) -> Iterator[str]:
    """What is desired is reached once faults stop"""
    for application in books.applications.values():
        if application.desired is DesiredState.REMOVED:
            yield f"{application.name} is still there"
        running = [each for each in books.containers(application.id) if each.running]
        release = books.live(application)
        wanted = release is not None and application.desired is DesiredState.RUNNING
        if not wanted and running:
            yield f"{application.name} runs in {running[0].name}, and is not wanted to"
        if release is not None and wanted:
            mine = [each for each in running if each.labels[labels.RELEASE] == release.id]
            if len(mine) != books.spec(release).replicas:
                yield f"{len(mine)} containers of release {release.number} of {application.name} run"
            if application.status is not ApplicationStatus.RUNNING:
                yield f"{application.name} is said to be {application.status.value}"
        if release is None and application.desired is DesiredState.RUNNING and application.last_release_id:
            ended = [each for each in books.deployments if each.application_id == application.id]
            if not ended or ended[-1].status in (DeploymentStatus.SUCCEEDED, DeploymentStatus.SUPERSEDED):
                yield f"{application.name} was live, is wanted, and is not"


def one_release_lives(books: Books) -> Iterator[str]:
    """Never are two releases of an application live after settling"""
    for application in books.applications.values():
        mine = [each for each in books.releases.values() if each.application_id == application.id]
        live = [each for each in mine if each.status in (ReleaseStatus.LIVE, ReleaseStatus.DRAINING)]
        if [each.id for each in live] != [each for each in (application.live_release_id,) if each]:
            told = ", ".join(f"{each.number} {each.status.value}" for each in live)
            yield f"{application.name} points to {application.live_release_id}, live are: {told or 'none'}"
        begun = {each.labels[labels.RELEASE] for each in books.containers(application.id)}
        if len(begun) > 1:
            yield f"{application.name} has containers of {len(begun)} releases"


def containers_have_owners(books: Books) -> Iterator[str]:
    """No container is without an owner, and none is remembered that is not there"""
    for container in books.containers():
        row = books.rows.get(container.id)
        if row is None:
            yield f"{container.name} exists, and nobody knows it"
        elif row.state != container.status:
            yield f"{container.name} is {container.status}, and said to be {row.state}"
        elif row.ready and not container.listening:
            yield f"{container.name} is said to be ready, and does not listen"
    for row in books.rows.values():
        if row.id not in books.world.machine.containers:
            yield f"{row.name} is remembered, and does not exist"
    proxies = [each for each in books.world.machine.containers.values() if each.is_proxy]
    if len(proxies) != 1:
        yield f"there are {len(proxies)} proxies"


def networks_have_owners(books: Books) -> Iterator[str]:
    """No network and no address range is without an owner"""
    for network in books.world.machine.networks.values():
        owner = network.labels.get(labels.ENVIRONMENT)
        if owner and owner not in books.environments:
            yield f"{network.name} belongs to nobody"
    owners = Counter(row.owner for row in books.subnets)
    for owner, count in owners.items():
        if count > 1 and owner != "foreign":
            yield f"{owner} has {count} address ranges"
        if owner not in ("proxy", "foreign") and owner not in books.environments:
            yield f"an address range is kept for {owner}, which is gone"


def volumes_have_owners(books: Books) -> Iterator[str]:
    """No volume is without an owner, unless it was to be kept"""
    for name, marks in books.world.machine.volumes.items():
        if marks.get(labels.KIND) == labels.PROXY:  # where it keeps certificates
            continue
        volume_id = marks.get(labels.VOLUME)
        if volume_id not in books.volumes and volume_id not in books.world.kept_volumes:
            yield f"{name} belongs to nobody"


def routes_are_told(books: Books) -> Iterator[str]:
    """The proxy serves exactly what the database says"""
    engine = books.world.engine
    assert engine is not None
    table = engine.sessions.read_now(routing_table, books.server.id)
    settings = engine.host.proxy.settings
    compiled = compile_routes(table.applications, key=settings.key, entrance=settings.entrance)
    document = books.world.traefik.document
    if document is None or document.loaded.revision != compiled.revision:
        yield f"it serves {document.loaded.revision[:6] if document else 'nothing'}, not {compiled.revision[:6]}"
    for domain in books.domains:
        application = books.applications[domain.application_id]
        serving = application.desired is DesiredState.RUNNING and application.live_release_id is not None
        serving = serving and application.maintenance is MaintenanceMode.OFF
        if serving and not books.world.visitors.answered(domain.host):
            yield f"{domain.host} is not answered"
        if not serving and not books.world.visitors.page(domain.host):
            yield f"{domain.host} has no page"


def status_is_derived(books: Books) -> Iterator[str]:
    """The status told is the status derived"""
    for application in books.applications.values():
        if application.status is not books.derived[application.id]:
            derived = books.derived[application.id]
            yield f"{application.name} is told to be {application.status.value}, and is {derived}"
    if books.server.state is not ServerState.REACHABLE:
        yield f"Docker answers, and is said to be {books.server.state.value}"
    if books.server.proxy_state is not ProxyState.RUNNING:
        yield f"the proxy runs, and is said to be {books.server.proxy_state.value}"


AT_REST: tuple[Callable[[Books], Iterator[str]], ...] = (
    nothing_under_way,
    wanted_is_reached,
    one_release_lives,
    containers_have_owners,
    networks_have_owners,
    volumes_have_owners,
    routes_are_told,
    status_is_derived,
)


def events_are_whole(events: list[Event], heard: list[list[int]]) -> Iterator[str]:
    """Every event is told once and in order"""
    numbers = [event.sequence or 0 for event in events]
    if numbers != list(range(1, len(numbers) + 1)):
        yield "the log has a gap"
    for sequence in heard:
        if sequence and sequence != numbers[sequence[0] - 1 :]:
            missed = sorted(set(numbers[sequence[0] - 1 :]) - set(sequence))
            yield f"a follower heard {sequence[-5:]} last of {numbers[-1]}, missed {missed[:5]}"


def deployments_follow_each_other(events: list[Event], _heard: list[list[int]]) -> Iterator[str]:
    """Deployments of one application never overlap, end in order, and move as they may"""
    state: dict[str, str] = {}
    number: dict[str, int] = {}
    begun: defaultdict[str, list[str]] = defaultdict(list)
    allowed = {status.value: {each.value for each in following} for status, following in NEXT.items()}
    for event in events:
        if event.kind is not EventKind.DEPLOYMENT_STATUS:
            continue
        status, owner = str(event.data["status"]), event.application_id or ""
        before = state.get(event.noun_id)
        if before is not None and status not in allowed[before]:
            yield f"deployment {event.data['number']} went from {before} to {status}"
        state[event.noun_id], number[event.noun_id] = status, int(event.data["number"])
        if status == DeploymentStatus.PREPARING.value:
            others = [each for each in begun[owner] if state[each] not in _ENDS]
            if others:
                yield f"deployment {event.data['number']} began before {number[others[0]]} had ended"
            if begun[owner] and number[begun[owner][-1]] > number[event.noun_id]:
                yield f"deployment {event.data['number']} began after a later one"
            begun[owner].append(event.noun_id)


def statuses_add_up(events: list[Event], _heard: list[list[int]]) -> Iterator[str]:
    """Releases only move forward, and a status is told only when it changed"""
    order = [status.value for status in ReleaseStatus]
    releases: dict[str, str] = {}
    told: dict[str, str] = {}
    for event in events:
        status = str(event.data.get("status"))
        if event.kind is EventKind.RELEASE_STATUS:
            before = releases.get(event.noun_id)
            if before is not None and order.index(status) <= order.index(before):
                yield f"release {event.data['number']} went from {before} to {status}"
            releases[event.noun_id] = status
        elif event.kind is EventKind.APPLICATION_STATUS:
            if told.get(event.noun_id) == status:
                yield f"{event.noun_id} was told to be {status} twice"
            told[event.noun_id] = status


def secrets_stay(events: list[Event], _heard: list[list[int]]) -> Iterator[str]:
    """No secret is in an event"""
    for event in events:
        if SECRET in str(event.data):
            yield f"event {event.sequence}"


OF_EVENTS: tuple[Callable[[list[Event], list[list[int]]], Iterator[str]], ...] = (
    events_are_whole,
    deployments_follow_each_other,
    statuses_add_up,
    secrets_stay,
)


def contradictions(books: Books) -> list[str]:
    """What is not as it must be, as sentences."""
    return [f"{invariant.__doc__}: {found}." for invariant in AT_REST for found in invariant(books)]


def contradictions_of(world: World, events: list[Event], heard: list[list[int]]) -> list[str]:
    """The same, about what was told on the way."""
    return [f"{invariant.__doc__}: {found}." for invariant in OF_EVENTS for found in invariant(events, heard)]
