"""A TCP proxy's container, as a literal."""

from dataclasses import replace

from db.models.tcp_proxies import TlsMode
from engine.proxy.tcp.container import container_name, container_spec, made_for_port
from engine.proxy.tcp.spec import Opening, TcpProxySpec
from tests.engine.proxy.tcp.examples import EXAMPLE, OURS


def digest(spec: TcpProxySpec, image: str = "traefik:v3", shared: str | None = None) -> str:
    return str(container_spec(spec, image, shared)["Labels"]["wharf.spec"])


def test_the_container_is_this() -> None:
    made = container_spec(EXAMPLE, "traefik:v3", None)
    assert made == {
        "Image": "traefik:v3",
        "Entrypoint": ["/usr/local/bin/traefik"],
        "Cmd": [
            "--api.dashboard=false",
            "--api.insecure=false",
            "--entryPoints.database.address=:9000",
            "--entryPoints.database.http.aliasHeadersStrategy=delete",
            "--entryPoints.database.transport.lifeCycle.graceTimeOut=0s",
            "--entryPoints.database.transport.respondingTimeouts.readTimeout=5s",
            "--entryPoints.internal.address=:8090",
            "--entryPoints.internal.http.aliasHeadersStrategy=delete",
            "--entryPoints.internal.transport.lifeCycle.graceTimeOut=0s",
            "--global.checkNewVersion=false",
            "--global.sendAnonymousUsage=false",
            "--log.format=json",
            "--log.level=INFO",
            "--metrics.prometheus.manualRouting=true",
            "--providers.file.filename=/etc/wharf/live/http.yml",
            "--providers.file.watch=true",
            "--providers.providersThrottleDuration=50ms",
        ],
        "Env": ["GOMEMLIMIT=241591910", "GOGC=20", "GODEBUG=memprofilerate=0"],
        "User": "65532:65532",
        "ExposedPorts": {"9000/tcp": {}},
        "StopSignal": "SIGTERM",
        "Volumes": {"/etc/wharf": {}},
        "Labels": {
            "wharf.instance": "one",
            "wharf.kind": "tcp-proxy",
            "wharf.tcp-proxy": EXAMPLE.id,
            "wharf.database": EXAMPLE.database_id,
            "wharf.port": "9000",
            "wharf.spec": made["Labels"]["wharf.spec"],
        },
        "HostConfig": {
            "RestartPolicy": {"Name": "unless-stopped"},
            "PortBindings": {"9000/tcp": [{"HostIp": "0.0.0.0", "HostPort": "9000"}]},
            "NetworkMode": "wharf-e1",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "Memory": 268435456,
            "LogConfig": {"Type": "json-file", "Config": {"max-file": "2", "max-size": "1m"}},
        },
    }


def test_it_is_named_after_the_proxy_and_its_making() -> None:
    made = container_spec(EXAMPLE, "traefik:v3", None)
    assert container_name(EXAMPLE.id, made) == f"wharf-tcp-{EXAMPLE.id}-{digest(EXAMPLE)[:8]}"


def test_a_directory_that_is_shared_is_mounted_read_only_instead_of_a_volume() -> None:
    made = container_spec(EXAMPLE, "traefik:v3", "/srv/data/tcp-proxies")
    directory = f"/srv/data/tcp-proxies/{container_name(EXAMPLE.id, made)}"
    assert made["HostConfig"]["Binds"] == [f"{directory}:/etc/wharf/live:ro,z"]
    assert "Volumes" not in made


def test_what_makes_another_container_makes_another_hash() -> None:
    others = [
        replace(EXAMPLE, port=9001),
        replace(EXAMPLE, bind_address="127.0.0.1"),
        replace(EXAMPLE, network="wharf-e2"),
    ]
    made = {digest(EXAMPLE), digest(EXAMPLE, "traefik:v4"), digest(EXAMPLE, shared="/srv"), *map(digest, others)}
    assert len(made) == 6


def test_what_is_told_to_a_running_one_makes_no_other_container() -> None:
    told = replace(
        EXAMPLE,
        key="another-example-of-a-key",
        backend=replace(EXAMPLE.backend, port=1),
        allowed_networks=("203.0.113.0/24",),
        opening=Opening.POSTGRESQL,
        tls=TlsMode.TERMINATE,
        certificate=OURS,
    )
    assert container_spec(told, "traefik:v3", None) == container_spec(EXAMPLE, "traefik:v3", None)


def test_the_port_that_one_was_made_for_is_known() -> None:
    labels = container_spec(EXAMPLE, "traefik:v3", None)["Labels"]
    assert (made_for_port(labels, 9000), made_for_port(labels, 9001)) == (True, False)
