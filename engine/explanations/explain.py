"""A request and what there is → what happens to it and why. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.certificates.checks import Outcome
from engine.explanations.answers import answer_steps
from engine.explanations.certificates import certificate_step
from engine.explanations.middlewares import entrance_steps
from engine.explanations.routing import Routing, candidates, routing_of, url_by_id, why_not
from engine.explanations.values import Explanation, Facts, Request, Step, StepKind
from engine.explanations.ways import way_steps
from engine.proxy.routers import Hold, Redirect, Router, Serve

_HIDDEN = "something that you may not see"
_REDIRECTED = 308
_HELD = 503
_UNKNOWN_HOST = 404


@dataclass(frozen=True, slots=True)
class _Told:
    """The steps from the router on, and what the proxy answers."""

    steps: tuple[Step, ...]
    status: int | None = None
    location: str | None = None
    served: bool = False


def explain(request: Request, facts: Facts) -> Explanation:
    """Everything about one request. Of what the viewer may not see nothing is told but that there is something."""
    routing = routing_of(request, facts)
    acting = routing.acting
    told = _told(request, routing, facts)
    steps = (*way_steps(request, facts), *told.steps)
    outcome, verdict = _verdict(request, steps, told, acting, facts)
    seen = acting is not None and acting.domain_id in facts.domains
    domain = facts.domains[acting.domain_id] if acting and seen else None
    certificate_id = facts.certified.get(acting.matcher.host) if acting and seen and request.secure else None
    return Explanation(
        steps,
        candidates(request, routing, facts),
        told.status,
        told.location,
        domain_id=domain.id if domain else None,
        application_id=domain.application_id if domain and domain.application_id in facts.applications else None,
        certificate_id=certificate_id if certificate_id in facts.certificates else None,
        served=told.served,
        verdict=verdict,
        outcome=outcome,
    )


def _told(request: Request, routing: Routing, facts: Facts) -> _Told:
    if routing.acting is None:
        return _unrouted(request, routing, facts)
    if routing.acting.domain_id not in facts.domains:
        hidden = Step(StepKind.ROUTER, Outcome.UNKNOWN, f"{request.host} leads to {_HIDDEN}.")
        return _Told((hidden, *_left_out(request, Outcome.UNKNOWN, "You may not see it.")))
    return _routed(request, routing.acting, facts)


def _unrouted(request: Request, routing: Routing, facts: Facts) -> _Told:
    scheme = "HTTPS" if request.secure else "HTTP"
    sentence = f"No domain leads anything for {request.host}{request.path} over {scheme}"
    if any(each.router.domain_id not in facts.domains for each in routing.nearly if _same_host(request, each.router)):
        hidden = Step(StepKind.ROUTER, Outcome.UNKNOWN, f"{request.host} is a name of {_HIDDEN}.")
        return _Told((hidden, *_left_out(request, Outcome.UNKNOWN, "You may not see it.")))
    visible = [each for each in routing.nearly if each.router.domain_id in facts.domains]
    advice = why_not(request, visible[0], facts) if visible else "Add a domain for it to an application."
    step = Step(StepKind.ROUTER, Outcome.WRONG, f"{sentence}: it gets the 404 page of the proxy. {advice}")
    return _Told((step, *_left_out(request, Outcome.NOT_REACHED, "No domain leads there.")), _UNKNOWN_HOST)


def _routed(request: Request, router: Router, facts: Facts) -> _Told:
    route = facts.routes[router.domain_id]
    met = Step(StepKind.ROUTER, Outcome.OK, _met(request, router, facts))
    secured = [certificate_step(router.matcher.host, facts)] if request.secure else []
    if isinstance(router.action, Redirect):
        location = router.action.location(request.host, request.path_and_query)
        redirect = Step(StepKind.REDIRECT, Outcome.OK, f"It is redirected for good (308) to {location}.")
        rest = _left_out(request, Outcome.NOT_REACHED, "The redirect answers.", after=StepKind.CERTIFICATE)
        return _Told((met, redirect, *secured, *rest), _REDIRECTED, location)
    entrance = entrance_steps(request, router, route)
    answer = answer_steps(router, facts)
    steps = (met, *entrance.steps, *secured, *answer)
    if entrance.status or not entrance.open:
        return _Told(steps, entrance.status)
    if facts.domains[router.domain_id].application_id not in facts.applications:
        return _Told(steps)
    return _Told(steps, _HELD if isinstance(router.action, Hold) else None, served=isinstance(router.action, Serve))


def _met(request: Request, router: Router, facts: Facts) -> str:
    url = url_by_id(router.domain_id, facts)
    if router.matcher.host == facts.routes[router.domain_id].host:
        return f"It is for the domain {url}."
    return f"It is for the domain {url}, which stands for {router.matcher.host} too."


def _same_host(request: Request, router: Router) -> bool:
    return router.matcher.matches(request.host, router.matcher.path_prefix)


def _left_out(
    request: Request, outcome: Outcome, message: str, *, after: StepKind = StepKind.MIDDLEWARE
) -> Iterator[Step]:
    kinds = [StepKind.CERTIFICATE, StepKind.APPLICATION, StepKind.CONTAINER, StepKind.HEALTH]
    for kind in kinds[1:] if after is StepKind.CERTIFICATE or not request.secure else kinds:
        yield Step(kind, outcome, message)


def _verdict(
    request: Request, steps: tuple[Step, ...], told: _Told, acting: Router | None, facts: Facts
) -> tuple[Outcome, str]:
    wrong = next((each for each in steps if each.outcome is Outcome.WRONG), None)
    if wrong:
        return Outcome.WRONG, wrong.message
    if told.location:
        return Outcome.OK, f"All is well: {request.host} answers with a permanent redirect (308) to {told.location}."
    unknown = next((each for each in steps if each.outcome is Outcome.UNKNOWN), None)
    if unknown:
        return Outcome.UNKNOWN, unknown.message
    name = facts.applications[facts.domains[acting.domain_id].application_id].row.name if acting else ""
    return Outcome.OK, f"All is well: {name} answers."
