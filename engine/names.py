"""What people type, checked and brought to one form: host names, ports, sizes, durations, names, paths.

Every function returns the one form we store, or raises InvalidInput with a sentence that says what is wrong.
Giving a result back in changes nothing.
"""

import ipaddress
import re
from collections.abc import Callable
from datetime import timedelta
from typing import NewType

import idna

from engine.docker.references import parse_reference
from engine.errors import ImageFailure, InvalidInput

Hostname = NewType("Hostname", str)
DomainUrl = NewType("DomainUrl", str)
CertificateName = NewType("CertificateName", str)
Port = NewType("Port", int)
ByteCount = NewType("ByteCount", int)
EnvName = NewType("EnvName", str)
ResourceName = NewType("ResourceName", str)
ImageReference = NewType("ImageReference", str)
PathPrefix = NewType("PathPrefix", str)
MountPath = NewType("MountPath", str)
HostAddress = NewType("HostAddress", str)
AddressRange = NewType("AddressRange", str)
HeaderName = NewType("HeaderName", str)
HeaderValue = NewType("HeaderValue", str)

LONGEST_DURATION = timedelta(days=365)
LARGEST_BYTE_COUNT = 2**53 - 1  # what a JavaScript client still reads exactly

HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}"
HEADER_VALUE = r"([!-~]([ -~\t]{0,4094}[!-~])?)?"

# What concerns a single connection, names whom the request is for, or is between the proxy and us.
_HEADERS_OF_OTHERS = (
    *("connection", "content-length", "expect", "host", "http2-settings", "keep-alive", "proxy-authenticate"),
    *("proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
)
_OUR_HEADERS = "x-wharf-"
_LONGEST_HOST = 253
_PUNYCODE = "xn--"
_URL = re.compile(r"(?P<scheme>[^:/?#]*)://(?P<authority>[^/?#]*)(?P<path>/[^?#]*)?(?P<rest>[?#].*)?", re.DOTALL)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESOURCE_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_DURATION = re.compile(
    r"(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,12})s)?(?:([0-9]{1,12})ms)?"
)
_MILLISECONDS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_SIZE = re.compile(r"([0-9]{1,16})(?: ?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB))?")
_BYTES: dict[str, int] = {unit: 1000**power for power, unit in enumerate(("B", "kB", "MB", "GB", "TB"))} | {
    unit: 1024**power for power, unit in enumerate(("", "KiB", "MiB", "GiB", "TiB"))
}
_IMAGE_ID = re.compile(r"(?:sha256:)?[a-f0-9]{64}")
_LONGEST_IMAGE = 512
_NOT_IN_A_PREFIX = frozenset("`'\"?#%\\{} <>[]^|")  # nor what is not ASCII: clients send it with percent signs
_NOT_IN_A_MOUNT_PATH = frozenset(":\\")  # Docker takes a backslash for a slash
_PATH_LIMIT = 1024
_MOST_PARTS = 200
_LONGEST_FILE_NAME = 255


def hostname(text: str) -> Hostname:
    """Lower case, punycode, no trailing dot: `Bücher.Example.` becomes `xn--bcher-kva.example`."""
    if len(text) > _LONGEST_HOST + 1:
        raise InvalidInput(f"A host name has at most {_LONGEST_HOST} characters.")
    name = _ascii(text).removesuffix(".")
    labels = name.split(".")
    if _is_address(name) or _NUMERIC_LABEL.fullmatch(labels[-1]):
        raise InvalidInput(f"{shown(text)} is an IP address; a name like blog.example.com is needed.")
    if len(name) > _LONGEST_HOST:
        raise InvalidInput(f"A host name has at most {_LONGEST_HOST} characters.")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidInput(
            f"{shown(text)} is not a host name. A host name looks like blog.example.com: "
            "no scheme, port, path or wildcard."
        )
    if wrong := [label for label in labels if label.startswith(_PUNYCODE) and not _is_punycode(label)]:
        raise InvalidInput(f"{shown(wrong[0])} in {shown(text)} begins like punycode, but is none.")
    return Hostname(name)


def domain_url(text: str) -> DomainUrl:
    """What visitors of a domain type: `HTTPS://Shop.Example.com:443/api/` becomes `https://shop.example.com/api`.

    The host may begin with `*.`, which stands for one label.
    """
    found = _URL.fullmatch(text)
    scheme = found["scheme"].lower() if found else ""
    if not found or scheme not in _DEFAULT_PORTS:
        raise InvalidInput(
            f"{shown(text)} is not a URL. Write it like https://shop.example.com or http://example.com/api."
        )
    if "@" in found["authority"]:
        raise InvalidInput("A domain has no user and no password; say who may come in with basicAuth.")
    if found["rest"]:
        raise InvalidInput(f"A domain ends with its path; {shown(found['rest'])} cannot be routed by.")
    host, colon, number = found["authority"].partition(":")
    if colon and number != _DEFAULT_PORTS[scheme]:
        raise InvalidInput(f"Leave the port {shown(number)} out: a domain is reached on those of the proxy.")
    path = path_prefix(found["path"] or "/")
    return DomainUrl(f"{scheme}://{certificate_name(host)}{path.removesuffix('/')}")


def certificate_name(text: str) -> CertificateName:
    """As `hostname`, and it may begin with `*.`, which stands for one label."""
    return CertificateName(f"*.{hostname(text[2:])}" if text.startswith("*.") else hostname(text))


def host_address(text: str) -> HostAddress:
    """An IPv4 address of a host in its usual form."""
    try:
        return HostAddress(str(ipaddress.IPv4Address(text)))
    except ValueError:
        raise InvalidInput(f"{shown(text)} is not an IPv4 address such as 203.0.113.7.") from None


def address_range(text: str) -> AddressRange:
    """An IPv4 network in CIDR notation; a lone address is a network of one."""
    try:
        return AddressRange(str(ipaddress.IPv4Network(text)))
    except ValueError:
        raise InvalidInput(
            f"{shown(text)} is not an IPv4 network such as 203.0.113.0/24, which begins at its first address."
        ) from None


def port(number: int) -> Port:
    """A TCP port somebody can listen on."""
    if not 1 <= number <= 65535:
        raise InvalidInput(f"{number} is not a port. A port is a whole number from 1 to 65535.")
    return Port(number)


def duration(text: str) -> timedelta:
    """Days, hours, minutes, seconds and milliseconds, largest first: `1h30m`, `10s`, `500ms`."""
    found = _DURATION.fullmatch(text)
    if not text or not found:
        raise InvalidInput(f"{shown(text)} is not a duration. Write it like 1h30m, 10s or 500ms.")
    counts = zip(found.groups(default="0"), _MILLISECONDS.values(), strict=True)
    total = sum(int(count) * unit for count, unit in counts)
    if total > LONGEST_DURATION // timedelta(milliseconds=1):
        raise InvalidInput(f"{text} is too long. A duration is at most {LONGEST_DURATION.days} days.")
    return timedelta(milliseconds=total)


def duration_text(value: timedelta) -> str:
    """The shortest form that `duration` reads back: `1h30m`, and `0s` for nothing."""
    rest = round(value / timedelta(milliseconds=1))
    parts = []
    for unit, size in _MILLISECONDS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def byte_count(value: int | str) -> ByteCount:
    """A size: a number of bytes, or a number and a unit as in `512MiB` or `2GB`."""
    size = _bytes_of(value) if isinstance(value, str) else value
    if not 0 <= size <= LARGEST_BYTE_COUNT:
        raise InvalidInput(f"A size is from 0 to {LARGEST_BYTE_COUNT} bytes.")
    return ByteCount(size)


def env_name(text: str) -> EnvName:
    """The name of an environment variable."""
    if len(text) > 255 or not _ENV_NAME.fullmatch(text):
        raise InvalidInput(
            f"{shown(text)} cannot name a variable. Use at most 255 letters, digits and underscores, "
            "and no digit first."
        )
    return EnvName(text)


def resource_name(text: str) -> ResourceName:
    """What a project, an environment or an application is called: usable as a part of a host name."""
    if len(text) > 40 or not _RESOURCE_NAME.fullmatch(text):
        raise InvalidInput(
            f"{shown(text)} cannot be a name. Use 1 to 40 lower-case letters, digits and hyphens, "
            "with a letter or digit at both ends."
        )
    return ResourceName(text)


def image_reference(text: str) -> ImageReference:
    """An image as Docker writes it: `postgres:18`, `ghcr.io/acme/shop@sha256:…`."""
    if _IMAGE_ID.fullmatch(text):
        raise InvalidInput("That is the id of an image on one machine; give the name it is pulled by.")
    if text.startswith("["):  # newer engines read it, those before 23 do not
        raise InvalidInput("An IPv6 address cannot stand before an image; give the registry a name.")
    if not _is_image(text):
        hint = " The part before the tag must be lower case." if text != text.lower() else ""
        raise InvalidInput(f"{shown(text)} is not an image. Write it like nginx:1.29 or ghcr.io/acme/shop.{hint}")
    return ImageReference(text)


def path_prefix(text: str) -> PathPrefix:
    """The part of a site that a domain routes: `/` for all of it, else without a slash at the end."""
    _check_path(text, "/api", lambda c: c in _NOT_IN_A_PREFIX or not c.isascii())
    return PathPrefix(text.rstrip("/") or "/")


def mount_path(text: str) -> MountPath:
    """Where a volume appears inside a container; never the root itself."""
    _check_path(text, "/var/lib/data", lambda c: c in _NOT_IN_A_MOUNT_PATH)
    if text == "/":
        raise InvalidInput("A volume cannot be mounted over the root of a container.")
    if any(len(part.encode()) > _LONGEST_FILE_NAME for part in text.split("/")):
        raise InvalidInput(f"Each part of a path has at most {_LONGEST_FILE_NAME} bytes.")
    if text.count("/") > _MOST_PARTS:
        raise InvalidInput(f"A path has at most {_MOST_PARTS} parts; Docker follows no more.")
    return MountPath(text.rstrip("/"))


def header_name(text: str) -> HeaderName:
    """The name of a header that may be set or taken away, such as `X-Frame-Options`."""
    if not re.fullmatch(HEADER_NAME, text):
        raise InvalidInput(f"{shown(text)} is not the name of a header, such as X-Frame-Options.")
    if text.lower() in _HEADERS_OF_OTHERS or text.lower().startswith(_OUR_HEADERS):
        raise InvalidInput(f"{text} is not to be changed: the proxy itself needs it.")
    return HeaderName(text)


def header_value(text: str) -> HeaderValue:
    """What a header says: printable ASCII in one line, without space at its ends; "" is no header."""
    if not re.fullmatch(HEADER_VALUE, text):
        raise InvalidInput(
            "The value of a header has at most 4096 printable ASCII characters in one line, and no space at its ends."
        )
    return HeaderValue(text)


def _is_image(text: str) -> bool:
    try:
        return len(text) <= _LONGEST_IMAGE and bool(parse_reference(text))
    except ImageFailure:
        return False


def _bytes_of(text: str) -> int:
    found = _SIZE.fullmatch(text)
    if not found:
        raise InvalidInput(f"{shown(text)} is not a size. Write it like 512MiB, or as a number of bytes.")
    number, unit = found.groups(default="")
    return int(number) * _BYTES[unit]


def _check_path(text: str, example: str, is_refused: Callable[[str], bool]) -> None:
    if len(text) > _PATH_LIMIT:
        raise InvalidInput(f"A path has at most {_PATH_LIMIT} characters.")
    if not text.startswith("/"):
        raise InvalidInput(f"{shown(text)} must start with a slash, like {example}.")
    if refused := [c for c in text if is_refused(c) or not c.isprintable()]:
        raise InvalidInput(f"{shown(text)} must not contain {refused[0]!r}.")
    if {"", ".", ".."} & set(text.removesuffix("/").split("/")[1:]):
        raise InvalidInput(f"{shown(text)} must not contain empty parts, '.' or '..'.")


def _ascii(text: str) -> str:
    if text.isascii():
        return text.lower()
    try:
        return idna.encode(text, uts46=True).decode("ascii")
    except idna.IDNAError:
        return text  # the rules for labels refuse what is not ASCII, with a sentence of ours


def _is_punycode(label: str) -> bool:
    """Whether the label is what some other text is written as, and not a second way to write it."""
    try:
        text = label.removeprefix(_PUNYCODE).encode().decode("punycode")
        return text.isprintable() and not text.isascii() and _PUNYCODE + text.encode("punycode").decode() == label
    except UnicodeError:
        return False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def shown(text: str) -> str:
    """What somebody typed, as an error may repeat it."""
    return repr(text if len(text) <= 60 else text[:59] + "…")
