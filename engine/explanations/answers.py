"""Who answers, if nothing before has: the application, its containers and their health, or a page. Pure."""

from collections.abc import Iterator

from db.models import ApplicationStatus, Container
from engine.certificates.checks import Outcome
from engine.explanations.values import ApplicationFacts, Facts, Step, StepKind
from engine.proxy.routers import Hold, Router
from engine.proxy.routes import HoldingReason

_PAGE = "visitors get a page that says so (503)"


def answer_steps(router: Router, facts: Facts) -> Iterator[Step]:
    """What becomes of a request that has come as far as this router, of a domain that the viewer may see."""
    application = facts.applications.get(facts.domains[router.domain_id].application_id)
    if application is None:
        for kind in (StepKind.APPLICATION, StepKind.CONTAINER, StepKind.HEALTH):
            yield Step(kind, Outcome.UNKNOWN, "It is for an application that you may not see.")
        return
    held = router.action if isinstance(router.action, Hold) else None
    yield _application(application, held)
    yield from _containers(application, reached=held is None)


def _application(application: ApplicationFacts, held: Hold | None) -> Step:
    if held:
        return Step(StepKind.APPLICATION, Outcome.WRONG, _why_held(application, held))
    name = application.row.name
    if application.row.status is ApplicationStatus.UNREACHABLE:
        sentence = f"Docker does not answer, so that it is not known how {name} is; see its server."
        return Step(StepKind.APPLICATION, Outcome.UNKNOWN, sentence)
    return Step(StepKind.APPLICATION, Outcome.OK, f"{name} answers.")


def _why_held(application: ApplicationFacts, held: Hold) -> str:
    row = application.row
    match held.reason:
        case HoldingReason.EMPTY:
            failed = f" The last attempt failed: {application.failure}" if application.failure else ""
            return f"Nothing of {row.name} runs yet: {_PAGE}. Deploy it.{failed}"
        case HoldingReason.STOPPED:
            return f"{row.name} is stopped: {_PAGE}. Start it."
        case HoldingReason.DEPLOYING:
            return f"{row.name} is being deployed, and nothing of it runs yet: {_PAGE}. It takes a moment."
        case HoldingReason.MAINTENANCE:
            what = "are held for up to 30 seconds" if held.waits else "get a page that says so (503)"
            return f"{row.name} is in maintenance: visitors {what}, until its maintenance is switched off."
        case HoldingReason.FAILING:
            why = next(filter(None, map(_trouble, application.containers)), application.failure)
            reason = f": {why.rstrip('.')}" if why else ""
            return f"{row.name} does not run{reason}; {_PAGE}. See its log, and deploy what starts."


def _containers(application: ApplicationFacts, *, reached: bool) -> Iterator[Step]:
    release = application.row.live_release_id
    live = [each for each in application.containers if each.release_id == release]
    ready = [each for each in live if each.ready]
    if not live:
        absent = Outcome.WRONG if reached else Outcome.NOT_REACHED
        yield Step(StepKind.CONTAINER, absent, "There is no container of a live release.")
        yield Step(StepKind.HEALTH, Outcome.NOT_REACHED, "There is no container of a live release.")
        return
    running = [each for each in live if each.state == "running"]
    trouble = next(filter(None, map(_trouble, live)), "")
    counted = f"{len(running)} of {len(live)} containers run"
    yield _judged(StepKind.CONTAINER, f"{counted}. {trouble}".strip(), reached=reached, some=bool(running))
    counted = f"{len(ready)} of {len(live)} containers are healthy."
    yield _judged(StepKind.HEALTH, counted, reached=reached, some=bool(ready))


def _judged(kind: StepKind, sentence: str, *, reached: bool, some: bool) -> Step:
    outcome = Outcome.NOT_REACHED if not reached else Outcome.OK if some else Outcome.WRONG
    return Step(kind, outcome, sentence if sentence.endswith(".") else f"{sentence}.")


def _trouble(container: Container) -> str:
    if container.state == "running":
        return "" if container.ready else f"{container.name} has not passed its health check."
    if container.out_of_memory:
        return f"{container.name} ran out of memory."
    code = f" with code {container.exit_code}" if container.exit_code is not None else ""
    return f"{container.name} has ended{code}{': ' + container.error if container.error else ''}."
