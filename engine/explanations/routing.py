"""Which router a request meets, and which nearly: asked of the values that the document is written from. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from engine.domains.names import is_wildcard, other_name, url_of
from engine.explanations.values import Candidate, Facts, Request
from engine.proxy.routers import Router, chosen

_MOST_CANDIDATES = 10


class Miss(IntEnum):
    """How a router came not to act; what comes first is the likeliest to be what somebody is looking for."""

    REFUSED = 1
    OTHER_SCHEME = 2
    WWW = 3
    OTHER_PATH = 4
    WILDCARD = 5
    ONE_EDIT = 6
    OVERRULED = 7


_BESIDE_ONE_THAT_ACTS = (Miss.REFUSED, Miss.OTHER_PATH)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A router that did not act, and why not."""

    miss: Miss
    router: Router


@dataclass(frozen=True, slots=True)
class Routing:
    """The router that acts on a request, None where none does, and those that nearly did, the likeliest first."""

    acting: Router | None
    nearly: tuple[NearMiss, ...]


def routing_of(request: Request, facts: Facts) -> Routing:
    """What the proxy does with this request. Each domain is named once."""
    taken = [each for each in facts.routers if each.name not in facts.refused]
    found = chosen(taken, request.entry_point, request.host, request.path)
    acting = found[0] if found else None
    seen = {acting.domain_id} if acting else set()
    misses = sorted(_misses(request, facts, found), key=lambda each: (each.miss, each.router.name))
    nearly = []
    for each in misses:
        if each.router.domain_id not in seen:
            seen.add(each.router.domain_id)
            nearly.append(each)
    return Routing(acting, tuple(nearly))


def concerns(host: str, asked: str) -> bool:
    """Whether a domain with this host can act on a request for the other, or nearly."""
    own, wanted = _bare(host), _bare(asked)
    return wanted == own or wanted.endswith(f".{own}") or _one_edit(own, wanted)


def candidates(request: Request, routing: Routing, facts: Facts) -> tuple[Candidate, ...]:
    """Of what was considered, what the viewer may see."""
    found = []
    if routing.acting and routing.acting.domain_id in facts.domains:
        sentence = f"{url_by_id(routing.acting.domain_id, facts)} is what the request meets."
        found.append(Candidate(routing.acting.domain_id, sentence, acts=True))
    for each in routing.nearly:
        if each.router.domain_id in facts.domains:
            found.append(Candidate(each.router.domain_id, why_not(request, each, facts)))
    return tuple(found[:_MOST_CANDIDATES])


def why_not(request: Request, near: NearMiss, facts: Facts) -> str:
    """A sentence about a router that did not act, with what to do."""
    url, names = url_by_id(near.router.domain_id, facts), near.router.matcher.host
    match near.miss:
        case Miss.REFUSED:
            return f"{url} fits, but the proxy does not take it: {facts.refused[near.router.name].rstrip('.')}."
        case Miss.OTHER_SCHEME:
            return f"{url} answers plain HTTP only. Give it an https URL, and it gets a certificate."
        case Miss.WWW:
            return f"{url} does not stand for {request.host}. Set its wwwMode to REDIRECT or SERVE."
        case Miss.OTHER_PATH:
            path = near.router.matcher.path_prefix
            return f"{url} leads what is at {path} and below it, and {request.path} is not. Add a domain for that."
        case Miss.WILDCARD:
            return f"{url} stands for names with exactly one label in place of the star. Add a domain for the name."
        case Miss.ONE_EDIT:
            return f"{url} is for {names}, which differs in one character. Perhaps that was meant."
        case Miss.OVERRULED:
            return f"{url} fits too, but another domain is nearer to the request."


def url_by_id(domain_id: str, facts: Facts) -> str:
    """The URL of a domain, as somebody has written it."""
    route = facts.routes[domain_id]
    return url_of(route.scheme, route.host, route.path_prefix)


def _misses(request: Request, facts: Facts, found: tuple[Router, ...]) -> Iterator[NearMiss]:
    overruled = {each.name for each in found[1:]}
    twin = other_name(request.host)
    acting = found[0].name if found else ""
    for router in facts.routers:
        if router.name == acting:
            continue
        if router.name in overruled:
            yield NearMiss(Miss.OVERRULED, router)
        elif (miss := _miss(request, facts, router, twin)) and (not acting or miss in _BESIDE_ONE_THAT_ACTS):
            yield NearMiss(miss, router)


def _miss(request: Request, facts: Facts, router: Router, twin: str) -> Miss | None:
    host, path, matcher = request.host, request.path, router.matcher
    here = router.entry_point == request.entry_point
    if matcher.matches(host, path):
        return Miss.REFUSED if here and router.name in facts.refused else None if here else Miss.OTHER_SCHEME
    if matcher.matches(host, matcher.path_prefix):
        return Miss.OTHER_PATH if here else None
    if not matcher.matches(matcher.host.replace("*", "a", 1), path):
        return None
    if matcher.host == twin:
        return Miss.WWW
    if is_wildcard(matcher.host):
        parent = matcher.host.removeprefix("*.")
        return Miss.WILDCARD if host == parent or host.endswith(f".{parent}") else None
    return Miss.ONE_EDIT if _one_edit(host, matcher.host) else None


def _bare(host: str) -> str:
    return host.removeprefix("*.").removeprefix("www.")


def _one_edit(one: str, other: str) -> bool:
    """Whether one character added, left out or replaced, or two exchanged, makes the one the other."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
