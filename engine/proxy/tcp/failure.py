"""Why a TCP proxy does not serve, as an error."""

from db.models.tcp_proxies import TcpProxyReason
from engine.errors import (
    AddressNotLocal,
    DockerFailure,
    DockerUnreachable,
    ImageFailure,
    PortTaken,
    ProxyFailure,
)
from engine.proxy.tcp.ports import Holder

_REASONS: dict[type[Exception], TcpProxyReason] = {
    PortTaken: TcpProxyReason.PORT_TAKEN,
    AddressNotLocal: TcpProxyReason.ADDRESS_NOT_LOCAL,
    ImageFailure: TcpProxyReason.IMAGE_UNAVAILABLE,
    DockerUnreachable: TcpProxyReason.ENGINE_UNREACHABLE,
    DockerFailure: TcpProxyReason.START_REFUSED,
    ProxyFailure: TcpProxyReason.NOT_LISTENING,
}


class TcpProxyFailure(ProxyFailure):
    """A TCP proxy does not serve as it should. `holder` is who has its port, where that is the reason and known."""

    def __init__(self, reason: TcpProxyReason, sentence: str, holder: Holder | None = None) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.holder = holder


def reason_of(error: Exception) -> TcpProxyReason:
    """The reason that an error stands for, by the nearest class that has one."""
    return next((_REASONS[kind] for kind in type(error).__mro__ if kind in _REASONS), TcpProxyReason.INTERNAL)
