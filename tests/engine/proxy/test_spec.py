"""The proxy's container, as a literal."""

from dataclasses import replace

import yaml

from engine.proxy.spec import ProxySettings, container_name, container_spec, static_configuration
from engine.proxy.templates import static_pattern

SETTINGS = ProxySettings("one", "an-example-of-a-key", "10.210.0.0/29", bind_address="127.0.0.1")


def test_the_container_is_this() -> None:
    spec = container_spec(SETTINGS, "traefik:v3")
    assert spec.pop("Labels").keys() == {"wharf.instance", "wharf.kind", "wharf.spec"}
    assert spec == {
        "Image": "traefik:v3",
        "Entrypoint": ["/usr/local/bin/traefik"],
        "Cmd": ["--configfile=static.yml"],
        "WorkingDir": "/etc/wharf",
        "Env": ["GOMEMLIMIT=966367641"],
        "User": "65532:65532",
        "ExposedPorts": {"8080/tcp": {}, "8443/tcp": {}},
        "StopSignal": "SIGTERM",
        "HostConfig": {
            "RestartPolicy": {"Name": "unless-stopped"},
            "PortBindings": {
                "8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "80"}],
                "8443/tcp": [{"HostIp": "127.0.0.1", "HostPort": "443"}],
            },
            "Binds": ["wharf-one-acme:/var/lib/wharf-acme"],
            "NetworkMode": "wharf--proxy-one",
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "Memory": 1073741824,
            "LogConfig": {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}},
        },
        "NetworkingConfig": {"EndpointsConfig": {"wharf--proxy-one": {"IPAMConfig": {"IPv4Address": "10.210.0.2"}}}},
    }


def test_a_directory_that_is_shared_is_mounted_read_only_and_named_after_the_container() -> None:
    settings = replace(SETTINGS, shared="/var/lib/wharf/proxy")
    spec = container_spec(settings, "traefik:v3")
    name = container_name(settings, spec)
    assert spec["HostConfig"]["Binds"][1:] == [f"/var/lib/wharf/proxy/{name}:/etc/wharf/live:ro,z"]
    assert static_pattern()["providers"]["file"]["filename"] == "/etc/wharf/live/http.yml"


def test_the_internal_entry_point_listens_on_the_management_network_alone() -> None:
    static = yaml.safe_load(static_configuration(SETTINGS))
    assert static["entryPoints"]["internal"]["address"] == "10.210.0.2:8090"
    assert static["entryPoints"]["web"]["address"] == ":8080"


def test_every_setting_that_makes_another_container_makes_another_hash() -> None:
    changed = [
        SETTINGS,
        replace(SETTINGS, http_port=8080),
        replace(SETTINGS, https_port=8443),
        replace(SETTINGS, bind_address="0.0.0.0"),
        replace(SETTINGS, network_subnet="10.210.0.8/29"),
        replace(SETTINGS, memory_bytes=1 << 29),
        replace(SETTINGS, shared="/one"),
        replace(SETTINGS, shared="/two"),
    ]
    hashes = [container_spec(each, "traefik:v3")["Labels"]["wharf.spec"] for each in changed]
    assert len(set(hashes)) == len(changed)
    assert container_spec(SETTINGS, "traefik:v4")["Labels"]["wharf.spec"] not in hashes


def test_another_key_is_another_hash_and_otherwise_only_another_document() -> None:
    spec, other = (container_spec(each, "t") for each in (SETTINGS, replace(SETTINGS, key="k" * 20)))
    assert spec.pop("Labels")["wharf.spec"] != other.pop("Labels")["wharf.spec"]
    assert spec == other


def test_the_key_is_not_shown() -> None:
    assert SETTINGS.key not in repr(SETTINGS)
