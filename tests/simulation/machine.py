"""The simulated host: containers that live and die by themselves, networks, volumes, and what was told of them."""

import ipaddress
import itertools
from collections.abc import Callable, Mapping
from contextvars import Context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.simulation.images import BY_ID, IMAGES, PORT
from tests.simulation.loop import VirtualLoop
from tests.simulation.objects import Endpoint, Refusal, SimulatedContainer, SimulatedNetwork
from tests.simulation.weather import Weather

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_KEPT_EVENTS = 256  # Docker replays no more than these
_EVENT_DELAY = 0.02


class Machine:
    """What exists on the host. Every change is told to `changed`, and in words to `trace`."""

    def __init__(self, loop: VirtualLoop, weather: Weather, trace: Callable[[str], None]) -> None:
        self.loop = loop
        self.weather = weather
        self.trace = trace
        self.changed: list[Callable[[], None]] = []
        self.happened: Callable[[str, str], None] = lambda _what, _whom: None
        self.started: list[Callable[[SimulatedContainer], None]] = []
        self.file_written: list[Callable[[SimulatedContainer], None]] = []
        self.containers: dict[str, SimulatedContainer] = {}
        self.networks: dict[str, SimulatedNetwork] = {}
        self.volumes: dict[str, dict[str, str]] = {}
        self.images = dict(IMAGES)
        self.events: list[dict[str, Any]] = []
        self.listeners: list[Callable[[dict[str, Any]], None]] = []
        self._nature = Context()  # no life of the control plane owns what happens by itself
        self._ids = itertools.count(1)
        self._told_at = 0.0

    def count_from(self, number: int) -> None:
        """Give the next object this number."""
        self._ids = itertools.count(number)

    def next_object(self) -> int:
        return next(self._ids)

    # Time.

    def later(self, seconds: float, callback: Callable[..., None], *args: object) -> None:
        """Something that happens by itself, whoever is dead by then."""
        self.loop.call_later(seconds, callback, *args, context=self._nature)

    @property
    def now(self) -> datetime:
        return _EPOCH + timedelta(seconds=self.loop.time())

    def _stamp(self) -> str:
        return self.now.isoformat().replace("+00:00", "Z")

    # Containers.

    def find(self, ref: str) -> SimulatedContainer:
        for container in self.containers.values():
            if ref in (container.id, container.name):
                return container
        raise Refusal(404, f"No such container: {ref}")

    def create(self, name: str, spec: Mapping[str, Any]) -> SimulatedContainer:
        if any(each.name == name for each in self.containers.values()):
            raise Refusal(409, f'Conflict. The container name "/{name}" is already in use by another container.')
        image = BY_ID.get(spec["Image"]) or self.images.get(spec["Image"])
        if image is None:
            raise Refusal(404, f"No such image: {spec['Image']}")
        if any(variable.startswith("BOOT=exit:") for variable in spec.get("Env", ())):
            image = replace(image, listens=None, exits=(0.0, 0.3), exit_code=3)
        host = spec["HostConfig"]
        ends = spec.get("NetworkingConfig", {}).get("EndpointsConfig", {})
        container = SimulatedContainer(
            id=f"{next(self._ids):064x}",
            name=name,
            labels=dict(spec["Labels"]),
            image=image,
            spec=spec,
            policy=host["RestartPolicy"]["Name"],
            endpoints={network: _endpoint(end) for network, end in ends.items()},
            mounts=[mount["Source"] for mount in host.get("Mounts", [])],
        )
        # The id's beginning is what a process is known by here, so that it is not the same for two.
        container.id = f"{int(container.id, 16):08x}" + container.id[8:]
        self.containers[container.id] = container
        for mount in container.mounts:
            self.volumes.setdefault(mount, {})
        self._tell("container", "create", container)
        return container

    def start(self, container: SimulatedContainer) -> None:
        if container.running:
            return
        for network in container.endpoints:
            if network not in self.networks:
                raise Refusal(404, f"network {network} not found")
        if container.is_proxy:
            self._port_free(container)
        container.status, container.exit_code, container.stopped_by_hand = "running", 0, False
        container.started_at, container.listening, container.passed = self._stamp(), False, False
        container.life += 1
        for network, end in container.endpoints.items():
            self._attach(network, end)
            self._tell_network("connect", network, container)
        self._tell("container", "start", container)
        for started in self.started:
            started(container)
        if container.image.listens:
            self._in_this_life(container, self.weather.within(*container.image.listens), self._listen)
        if container.image.exits:
            self._in_this_life(container, self.weather.within(*container.image.exits), self.die)

    def terminate(self, container: SimulatedContainer, grace: float) -> None:
        """SIGTERM, and SIGKILL after the grace; Docker will not start it again."""
        container.stopped_by_hand = True
        if container.status == "restarting":
            self._end(container, container.exit_code)
            return
        ends = container.image.ends
        seconds = self.weather.within(*ends) if ends else grace + 1
        container.listening = False
        self.note()
        deaf = seconds > grace
        self._in_this_life(container, min(seconds, grace), lambda each: self.die(each, 137 if deaf else 0))

    def die(self, container: SimulatedContainer, exit_code: int | None = None) -> None:
        """Its process has ended; Docker may start it again."""
        if not container.running:
            return
        code = container.image.exit_code if exit_code is None else exit_code
        again = not container.stopped_by_hand and (
            container.policy in ("unless-stopped", "always") or (container.policy == "on-failure" and code != 0)
        )
        self._end(container, code, status="restarting" if again else "exited")
        if again:
            pause = min(0.1 * 2 ** min(container.restarts, 9), 60.0)
            self._in_this_life(container, pause, self._restart)

    def kill(self, container: SimulatedContainer) -> None:
        """SIGKILL through Docker, which will not start it again."""
        container.stopped_by_hand = True
        self.die(container, 137)

    def remove(self, container: SimulatedContainer) -> None:
        """By force, whatever it does."""
        container.stopped_by_hand = True
        if container.running:
            self._end(container, 137)
        del self.containers[container.id]
        container.status = "removing"
        self._tell("container", "destroy", container)

    def set_policy(self, container: SimulatedContainer, policy: str) -> None:
        container.policy = policy
        self._tell("container", "update", container)

    def _listen(self, container: SimulatedContainer) -> None:
        container.listening = True
        self.trace(f"{container.name} listens")
        self.note()

    def _restart(self, container: SimulatedContainer) -> None:
        if container.status != "restarting" or container.stopped_by_hand:
            return
        container.restarts += 1
        try:
            self.start(container)
        except Refusal as refusal:
            self.trace(f"{container.name} cannot start again: {refusal.words}")
            container.status = "exited"
            self.note()

    def _end(self, container: SimulatedContainer, code: int, *, status: str = "exited") -> None:
        was_running = container.running
        container.status, container.exit_code, container.listening = status, code, False
        container.finished_at = self._stamp()
        if was_running:
            self._tell("container", "die", container, exitCode=str(code))
            for network, end in container.endpoints.items():
                end.address = end.id = ""
                self._tell_network("disconnect", network, container)
        waiting, container.ended = container.ended, []
        for future in waiting:
            if not future.done():
                future.set_result(code)
        if status == "exited" and container.stopped_by_hand:
            self._tell("container", "stop", container)

    def go_on(self) -> None:
        """Docker starts again what it was about to start again when this machine was copied."""
        for container in self.containers.values():
            if container.status == "restarting":
                self._in_this_life(container, self.weather.within(0.1, 1.0), self._restart)

    def _in_this_life(
        self, container: SimulatedContainer, seconds: float, then: Callable[[SimulatedContainer], None]
    ) -> None:
        life = container.life

        def happen() -> None:
            if container.life == life and container.id in self.containers:
                then(container)

        self.later(seconds, happen)

    def _port_free(self, proxy: SimulatedContainer) -> None:
        for other in self.containers.values():
            if other is not proxy and other.is_proxy and other.running:
                raise Refusal(500, "Bind for 127.0.0.1:80 failed: port is already allocated")

    # Networks.

    def create_network(self, name: str, subnet: str, labels: dict[str, str]) -> SimulatedNetwork:
        if name in self.networks:
            raise Refusal(409, f"network with name {name} already exists")
        wanted = ipaddress.IPv4Network(subnet)
        if any(wanted.overlaps(other.subnet) for other in self.networks.values()):
            raise Refusal(403, "Pool overlaps with other one on this address space")
        network = SimulatedNetwork(f"{next(self._ids):064x}", name, wanted, labels)
        self.networks[name] = network
        self._tell_network("create", name)
        return network

    def network(self, name: str) -> SimulatedNetwork:
        if name not in self.networks:
            raise Refusal(404, f"network {name} not found")
        return self.networks[name]

    def members(self, name: str) -> list[SimulatedContainer]:
        return [each for each in self.containers.values() if each.running and name in each.endpoints]

    def remove_network(self, name: str) -> None:
        self.network(name)
        if self.members(name):
            raise Refusal(403, f"error while removing network: network {name} has active endpoints")
        del self.networks[name]
        self._tell_network("destroy", name)

    def connect(self, name: str, container: SimulatedContainer, aliases: list[str], wanted: str | None) -> None:
        self.network(name)
        if name in container.endpoints:
            raise Refusal(403, f"endpoint with name {container.name} already exists in network {name}")
        end = container.endpoints[name] = Endpoint(aliases, wanted)
        if container.running:
            self._attach(name, end)
            self._tell_network("connect", name, container)

    def disconnect(self, name: str, container: SimulatedContainer) -> None:
        self.network(name)
        if name not in container.endpoints:
            raise Refusal(500, f"container {container.id} is not connected to network {name}")
        del container.endpoints[name]
        if container.running:
            self._tell_network("disconnect", name, container)

    def _attach(self, name: str, end: Endpoint) -> None:
        end.address, end.id = self._address(name, end.wanted), f"{next(self._ids):064x}"

    def _address(self, name: str, wanted: str | None) -> str:
        if wanted:
            return wanted
        taken = {each.endpoints[name].address for each in self.members(name)}
        hosts = itertools.islice(self.networks[name].subnet.hosts(), 1, None)
        return next(str(host) for host in hosts if str(host) not in taken)

    # Volumes.

    def create_volume(self, name: str, labels: dict[str, str]) -> None:
        self.volumes.setdefault(name, labels)
        self.note()

    def remove_volume(self, name: str) -> None:
        if name not in self.volumes:
            raise Refusal(404, f"get {name}: no such volume")
        if any(name in each.mounts for each in self.containers.values()):
            raise Refusal(409, f"remove {name}: volume is in use")
        del self.volumes[name]
        self.note()

    # The whole host.

    def at_address(self, address: str, port: int) -> SimulatedContainer | None:
        """Who listens there."""
        for container in self.containers.values():
            addresses = [end.address for end in container.endpoints.values()]
            if container.listening and port == PORT and address in addresses:
                return container
        return None

    def reboot(self) -> None:
        """Everything ends at once; what is to run always starts again."""
        for container in list(self.containers.values()):
            if container.running:
                self._end(container, 137, status="exited")
        for container in list(self.containers.values()):
            wanted = container.policy in ("unless-stopped", "always") and not container.stopped_by_hand
            if wanted and container.life and container.status in ("exited", "restarting"):
                container.status = "restarting"
                self._in_this_life(container, self.weather.within(0.1, 1.0), self._restart)

    # What is told.

    def _tell(self, kind: str, action: str, container: SimulatedContainer, **attributes: str) -> None:
        self.trace(f"docker: {action} {container.name} {' '.join(attributes.values())}".rstrip())
        told = {**container.labels, "name": container.name, **attributes}
        self._publish(kind, action, container.id, told)

    def _tell_network(self, action: str, name: str, container: SimulatedContainer | None = None) -> None:
        network = self.networks.get(name)
        attributes = {"name": name} | ({"container": container.id} if container else {})
        self.trace(f"docker: network {action} {name} {container.name if container else ''}".rstrip())
        self._publish("network", action, network.id if network else name, attributes)

    def _publish(self, kind: str, action: str, id_: str, attributes: dict[str, str]) -> None:
        self.happened(action, id_)
        at = round(self.loop.time() * 1_000_000_000)
        actor = {"ID": id_, "Attributes": attributes}
        event = {"Type": kind, "Action": action, "Actor": actor, "timeNano": at}
        self.events.append(event)
        del self.events[:-_KEPT_EVENTS]
        # Late by lot, but in order.
        self._told_at = max(self._told_at, self.loop.time() + self.weather.within(0.0, _EVENT_DELAY))
        for listener in list(self.listeners):
            self.later(self._told_at - self.loop.time(), listener, event)
        self.note()

    def note(self) -> None:
        for changed in self.changed:
            changed()


def _endpoint(end: Mapping[str, Any]) -> Endpoint:
    return Endpoint(list(end.get("Aliases") or ()), (end.get("IPAMConfig") or {}).get("IPv4Address"))
