"""What is to be seen of a TCP proxy at one moment."""

from dataclasses import dataclass

from db.models.tcp_proxies import TcpProxyReason, TcpProxyState


@dataclass(frozen=True, slots=True)
class TcpProxyObservation:
    """Whether a proxy serves, and what it takes. A number is None where it cannot be had.

    Traefik counts no bytes of TCP, so they are Docker's for the container's one network card. A proxy says again
    whatever it hears, so each byte of a session, whichever way it goes, is once received and once sent; with it
    the headers of the packets, and the little that we ask of the proxy ourselves. Both begin at 0 when the
    container starts.
    """

    state: TcpProxyState
    reason: TcpProxyReason | None = None  # when it has failed
    message: str = ""  # the reason as a sentence
    open_connections: int | None = None  # of clients, at this moment
    received_bytes: int | None = None
    sent_bytes: int | None = None
    private_memory_bytes: int | None = None  # what the host gets back when the proxy ends
