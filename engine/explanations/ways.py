"""How a request comes to the proxy. Pure."""

from db.models import CertificateReason
from engine.certificates.checks import Outcome, PreflightCheck, PreflightSubject
from engine.explanations.values import Facts, Request, Step, StepKind


def way_steps(request: Request, facts: Facts) -> tuple[Step, Step]:
    """DNS, and the port."""
    return _dns(request, facts), _port(request, facts)


def _dns(request: Request, facts: Facts) -> Step:
    if facts.ways is None:
        why = "the proxy does not serve" if facts.proxy_problem else "no domain that you may see has this name"
        sentence = f"Where DNS leads {request.host} is not asked: {why}."
        return Step(StepKind.DNS, Outcome.UNKNOWN, sentence)
    wrong = next((each for each in facts.ways if each.outcome is Outcome.WRONG and not _about_port(each)), None)
    if wrong:
        return Step(StepKind.DNS, Outcome.WRONG, wrong.message)
    addresses = ", ".join(each.address for each in facts.ways if each.address)
    return Step(StepKind.DNS, Outcome.OK, f"{request.host} points to {addresses}.")


def _port(request: Request, facts: Facts) -> Step:
    port = facts.ports.https if request.secure else facts.ports.http
    if facts.proxy_problem:
        return Step(StepKind.PORT, Outcome.WRONG, f"The proxy does not serve: {facts.proxy_problem}")
    if request.port is not None and request.port != port:
        scheme = "HTTPS" if request.secure else "HTTP"
        sentence = f"The proxy answers {scheme} on port {port}, not on {request.port}. Ask it there."
        return Step(StepKind.PORT, Outcome.WRONG, sentence)
    if facts.ways is None:
        return Step(StepKind.PORT, Outcome.UNKNOWN, f"Whether {request.host} leads to port {port} is not asked.")
    wrong = next((each for each in facts.ways if each.outcome is Outcome.WRONG and _about_port(each)), None)
    if wrong:
        return Step(StepKind.PORT, Outcome.WRONG, wrong.message)
    asked = [each for each in facts.ways if each.subject is PreflightSubject.ADDRESS and each.outcome is Outcome.OK]
    if not asked:
        return Step(StepKind.PORT, Outcome.NOT_REACHED, "DNS does not lead here.")
    return Step(StepKind.PORT, Outcome.OK, asked[0].message)


def _about_port(check: PreflightCheck) -> bool:
    return check.reason is CertificateReason.PORT_UNREACHABLE
