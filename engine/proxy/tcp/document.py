"""A TCP proxy → the one document that its Traefik serves from. Pure, sorted, byte-stable."""

from db.models.tcp_proxies import TlsMode
from engine.proxy.compiler import KEY_HEADER, Compiled, as_text, revision_of, revision_path
from engine.proxy.tcp.allow_list import source_ranges
from engine.proxy.tcp.spec import Opening, TcpProxySpec
from engine.proxy.templates import Pattern, tcp_pattern

ENTRY_POINT = "database"  # as in tcp_static.yml

_ROUTERS = {TlsMode.NONE: "plain", TlsMode.TERMINATE: "terminated", TlsMode.PASSTHROUGH: "passed-through"}


def compile_document(spec: TcpProxySpec, gateway: str) -> Compiled:
    """The document for a proxy that nothing is to be said against, on a network with this gateway."""
    document = {"tcp": _tcp(spec, source_ranges(spec.allowed_networks, spec.bind_address, gateway))}
    if spec.tls is TlsMode.TERMINATE:
        document["tls"] = _tls(spec)
    document["http"] = {"routers": {name: _internal(spec, name) for name in ("api", "metrics")}}
    # The revision covers everything but its own mark, which is added last.
    revision = revision_of(document)
    document["http"]["routers"]["revision"] = _internal(spec, "revision", f"Path(`{revision_path(revision)}`)")
    return Compiled(as_text(document), revision, {})


def _tcp(spec: TcpProxySpec, allowed: tuple[str, ...]) -> Pattern:
    names = [_ROUTERS[spec.tls], *(["not-tls"] if spec.tls is not TlsMode.NONE else [])]
    tcp: Pattern = {
        "routers": {name: tcp_pattern("tcp", "routers", name) for name in names},
        "services": {"database": tcp_pattern("tcp", "services", "database")},
        "serversTransports": {"database": tcp_pattern("tcp", "serversTransports", "database")},
        "middlewares": {},
    }
    address = f"{spec.backend.container}:{spec.backend.port}"
    tcp["services"]["database"]["loadBalancer"]["servers"] = [{"address": address}]
    if allowed:
        tcp["middlewares"]["allowed"] = tcp_pattern("tcp", "middlewares", "allowed")
        tcp["middlewares"]["allowed"]["ipAllowList"]["sourceRange"] = list(allowed)
    else:
        del tcp["routers"][_ROUTERS[spec.tls]]["middlewares"]
    if spec.tls is not TlsMode.NONE:
        tcp["middlewares"]["nobody"] = tcp_pattern("tcp", "middlewares", "nobody")
    # Traefik refuses a document with an empty section.
    return {name: section for name, section in tcp.items() if section}


def _tls(spec: TcpProxySpec) -> Pattern:
    assert spec.certificate, "nothing was to be said against it"
    options = tcp_pattern("tls", "options", "postgresql" if spec.opening is Opening.POSTGRESQL else "default")
    files = {"certFile": spec.certificate.chain, "keyFile": spec.certificate.key.reveal()}
    return {"options": {"default": options}, "stores": {"default": {"defaultCertificate": files}}}


def _internal(spec: TcpProxySpec, name: str, matcher: str = "") -> Pattern:
    router: Pattern = tcp_pattern("http", "routers", name)
    key = f"Header(`{KEY_HEADER}`, `{spec.key}`)"
    matcher = matcher or router["rule"].partition(" && ")[2]
    return router | {"rule": f"{key} && {matcher}"}
