"""What is asked of DNS, and what it answers, without the library that does the asking."""

from dataclasses import dataclass
from typing import Literal

AddressKind = Literal["A", "AAAA"]


class DnsFailed(Exception):
    """DNS gave no answer, which is something else than the answer that there is nothing."""


@dataclass(frozen=True, slots=True)
class DnsServer:
    """Somebody who looks names up, by address."""

    address: str
    port: int = 53


@dataclass(frozen=True, slots=True)
class CaaRecord:
    """One record about who may issue certificates for a name. The tag is in lower case."""

    critical: bool
    tag: str
    value: str
