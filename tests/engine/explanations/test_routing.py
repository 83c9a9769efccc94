"""Which domain a request nearly was for, asked of routers alone."""

from datetime import timedelta
from typing import Any

import pytest

from db.models import (
    Application,
    Certificate,
    CertificateReason,
    CertificateSource,
    CertificateState,
    Domain,
    Scheme,
    WwwMode,
    now,
)
from engine.certificates.checks import Outcome
from engine.explanations.certificates import certificate_step
from engine.explanations.explain import explain
from engine.explanations.facts import routed
from engine.explanations.request import request_of
from engine.explanations.routing import Miss, routing_of
from engine.explanations.values import ApplicationFacts, Facts, Step, StepKind
from engine.proxy.routers import Ports
from engine.proxy.routes import Route, RoutedApplication, Serving

ROUTES = (
    Route("plain", "shop.test"),
    Route("api", "shop.test", "/api"),
    Route("secure", "secure.test", scheme=Scheme.HTTPS, www_mode=WwwMode.REDIRECT),
    Route("wild", "*.wild.test"),
    Route("part", "part.test", "/only"),
)
SERVED = RoutedApplication("shop", Serving("r1", ("shop-1:80",)), ROUTES)


def facts(url: str, **refused: str) -> Facts:
    return routed((SERVED,), request_of(url), Ports(), refused)


@pytest.mark.parametrize(
    ("url", "acting", "nearly"),
    [
        ("http://shop.test/", "plain", [(Miss.OTHER_PATH, "api")]),
        ("http://shop.test/api/x", "api", [(Miss.OVERRULED, "plain")]),
        ("https://shop.test/", None, [(Miss.OTHER_SCHEME, "plain")]),
        ("http://www.shop.test/api", None, [(Miss.WWW, "api"), (Miss.WWW, "plain")]),
        ("http://shp.test/", None, [(Miss.ONE_EDIT, "plain")]),
        ("http://hsop.test/", None, [(Miss.ONE_EDIT, "plain")]),
        ("http://shopp.test/", None, [(Miss.ONE_EDIT, "plain")]),
        ("http://hsopp.test/", None, []),
        ("http://wild.test/", None, [(Miss.WILDCARD, "wild")]),
        ("http://a.b.wild.test/", None, [(Miss.WILDCARD, "wild")]),
        ("http://a.wild.test/", "wild", []),
        ("http://part.test/onlyx", None, [(Miss.OTHER_PATH, "part")]),
        ("http://www.secure.test/", "secure", []),
        ("http://other.test/", None, []),
    ],
)
def test_what_a_request_meets_and_what_it_nearly_met(url: str, acting: str | None, nearly: list[Any]) -> None:
    routing = routing_of(request_of(url), facts(url))
    assert (routing.acting.domain_id if routing.acting else None) == acting
    found = [(each.miss, each.router.domain_id) for each in routing.nearly]
    assert [
        each for each in found if each[0] is not Miss.OTHER_PATH or acting is not None or len(found) == 1
    ] == nearly


def test_a_router_that_the_proxy_refuses_does_not_act_and_is_told_first() -> None:
    url = "http://shop.test/"
    routing = routing_of(request_of(url), facts(url, **{"domain-plain": "no such middleware"}))
    assert routing.acting is None
    assert routing.nearly[0].miss is Miss.REFUSED


def test_an_application_that_may_not_be_seen_is_not_judged() -> None:
    url = "http://shop.test/"
    domain = Domain(id="plain", application_id="shop", server_id="s", host="shop.test")
    seen = Facts(facts(url).routers, facts(url).routes, domains={"plain": domain})
    told = explain(request_of(url), seen)
    assert (told.application_id, told.domain_id, told.status, told.served) == (None, "plain", None, False)
    assert told.outcome is Outcome.UNKNOWN
    application = ApplicationFacts(
        Application(id="shop", environment_id="e", server_id="s", name="shop", image="i:1")
    )
    whole = Facts(seen.routers, seen.routes, domains=seen.domains, applications={"shop": application})
    assert explain(request_of(url), whole).served


@pytest.mark.parametrize(
    ("state", "days", "outcome", "words"),
    [
        (CertificateState.ISSUED, 9, Outcome.OK, "has a certificate by E1 that is valid until"),
        (CertificateState.EXPIRING, 9, Outcome.OK, "valid until"),
        (CertificateState.ISSUED, -1, Outcome.WRONG, "has expired on"),
        (CertificateState.PENDING, None, Outcome.WRONG, "is on its way (pending)"),
        (CertificateState.ORDERING, None, Outcome.WRONG, "is on its way (ordering)"),
        (CertificateState.FAILED, None, Outcome.WRONG, "There is no certificate for a.test: The CA says no."),
    ],
)
def test_what_visitors_are_shown(state: CertificateState, days: int | None, outcome: Outcome, words: str) -> None:
    row = Certificate(
        id="c",
        team_id="t",
        source=CertificateSource.ACME,
        host="a.test",
        issuer="E1",
        state=state,
        problem="The CA says no." if state is CertificateState.FAILED else "",
        not_after=None if days is None else now() + timedelta(days=days),
    )
    step = certificate_step("a.test", Facts((), {}, certified={"a.test": "c"}, certificates={"c": row}))
    assert step.outcome is outcome
    assert words in step.message


def test_a_certificate_that_is_not_shown_is_said() -> None:
    row = Certificate(
        id="c",
        team_id="t",
        source=CertificateSource.UPLOADED,
        state=CertificateState.ISSUED,
        reason=CertificateReason.NOT_SHOWN,
        problem="The proxy shows another one.",
        not_after=now() + timedelta(days=9),
    )
    step = certificate_step("a.test", Facts((), {}, certified={"a.test": "c"}, certificates={"c": row}))
    assert step.outcome is Outcome.WRONG
    assert step.message.endswith("The proxy shows another one.")


def test_without_a_certificate_browsers_warn() -> None:
    step = certificate_step("a.test", Facts((), {}))
    assert step == Step(
        StepKind.CERTIFICATE,
        Outcome.WRONG,
        "There is no certificate for a.test, and none is on its way. Until there is one, browsers warn visitors.",
    )
