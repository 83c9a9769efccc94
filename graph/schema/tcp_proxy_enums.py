"""How a TCP proxy can be wanted, and what it can do. Take these enums from here: here they are explained."""

from db.models import TcpProxyReason, TcpProxyState, TlsMode
from graph.enums import described

__all__ = ["TcpProxyReason", "TcpProxyState", "TlsMode"]

described(
    TlsMode,
    "What a TCP proxy does about TLS.",
    NONE="What clients and the database say to each other passes as it is, TLS or not.",
    TERMINATE="Clients must speak TLS, with the proxy and its certificate; the database gets plain text.",
    PASSTHROUGH="Clients must speak TLS, with the database and its certificate; the proxy cannot read it.",
)
described(
    TcpProxyState,
    "Whether clients reach the port of a TCP proxy.",
    PENDING="It is wanted, and on its way; or its server does not answer, and nobody knows.",
    LISTENING="The host's port leads to the proxy, which serves as it was told.",
    FAILED="It is wanted and does not serve. `reason` says why.",
    CLOSED="Nothing listens.",
)
described(
    TcpProxyReason,
    "Why a TCP proxy does not serve.",
    PORT_TAKEN="Another container or another program of the host has the port; the message says who, if known.",
    ADDRESS_NOT_LOCAL="The host does not have the address that the port is to be bound on.",
    IMAGE_UNAVAILABLE="The proxy's image is not on the host, and could be neither pulled nor made.",
    START_REFUSED="Docker did not make or start the proxy's container.",
    EXITED="The proxy has ended; Docker may start it again.",
    NOT_LISTENING="The proxy runs and does not serve as it was told.",
    NO_CERTIFICATE="The certificate that it is to show has not been issued yet; once it is, the proxy follows.",
    ENGINE_UNREACHABLE="The Docker engine does not answer, so nothing is known.",
    INTERNAL="A mistake of ours; the server's own log has more.",
)
