"""Single sign-on as a browser takes part in it: away to the provider, and back."""

import logging
import secrets
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from engine.accounts.acting import acting
from engine.accounts.identities import Purpose
from engine.accounts.single_sign_on import SignOnFailed
from engine.accounts.viewer import anybody_at
from engine.errors import NotNow, Refused
from engine.secrets import Secret, SecretUnreadable
from graph.visits import Visit, visit_of

if TYPE_CHECKING:
    from engine.accounts.oidc import Oidc
    from engine.engine import Engine
    from graph.context import Context

log = logging.getLogger(__name__)

START, CALLBACK = "/auth/oidc/start", "/auth/oidc/callback"
_COOKIE = "wharf-sso"
_LASTS = timedelta(minutes=10)
_PLACE = "oidc:flow"


async def begin(context: "Context", invitation: str | None, *, link: bool) -> str:
    """Where to send the browser, which is given a cookie to come back with.

    Raises `NotNow` where there is no provider, `ConfirmationNeeded` when who wants to link it has not shown lately
    that it is they.
    """
    viewer = context.viewer
    if link:
        if viewer.session_id is None:
            raise NotNow("Sign in first, then link it.", field=("input", "link"))
        await context.engine.people.sessions.check_recent(viewer)
    if invitation is not None and len(invitation) > 200:
        raise NotNow("That is no invitation.", field=("input", "invitation"))
    return await _leave(context.engine, context.browser, Purpose(invitation, viewer.session_id if link else None))


def routes(engine: "Engine") -> list[Route]:
    """The addresses of single sign-on."""

    async def start(request: Request) -> Response:
        visit = visit_of(request)
        try:
            url = await _leave(engine, visit, Purpose())
        except Refused as error:
            return _refusal(error)
        return visit.write(RedirectResponse(url, 303, {"Cache-Control": "no-store"}))

    async def callback(request: Request) -> Response:
        visit = visit_of(request)
        visit.take_away(_COOKIE)
        try:
            with acting(anybody_at(visit.address), "signInByProvider"):
                await _come_back(engine, visit, request)
        except Refused as error:
            log.info("Single sign-on from %s failed: %s", visit.address, error)
            return visit.write(_refusal(error))
        return visit.write(RedirectResponse("/", 303, {"Cache-Control": "no-store"}))

    return [Route(START, start, methods=["GET"]), Route(CALLBACK, callback, methods=["GET"])]


async def _leave(engine: "Engine", visit: Visit, purpose: Purpose) -> str:
    begun = await _provider(engine).begin()
    flow = {
        "state": begun.state,
        "nonce": begun.nonce,
        "verifier": begun.verifier,
        "invitation": purpose.invitation,
        "session": purpose.session_id,
        "until": time.time() + _LASTS.total_seconds(),
    }
    # Lax: the provider sends the browser back to us from its own page.
    visit.give(_COOKIE, engine.cipher.encrypt(Secret(orjson.dumps(flow).decode()), _PLACE), _LASTS, "lax")
    return begun.url


async def _come_back(engine: "Engine", visit: Visit, request: Request) -> None:
    provider, given = _provider(engine), request.query_params
    flow = _flow(engine, visit)
    if not secrets.compare_digest(flow["state"].encode(), given.get("state", "").encode("utf-8", "surrogatepass")):
        raise SignOnFailed("This is not the way back of a sign-in that began in this browser.")
    if given.get("iss", provider.settings.issuer) != provider.settings.issuer:
        raise SignOnFailed("Another provider answers than the one that was asked.")
    if "error" in given or not given.get("code"):
        raise SignOnFailed("The provider has not let you in.")
    claims = await provider.finish(given["code"], flow["verifier"], flow["nonce"])
    purpose = Purpose(flow["invitation"], flow["session"])
    visit.sign_in(await engine.people.identities.sign_in(claims, purpose, visit.browser))


def _flow(engine: "Engine", visit: Visit) -> dict[str, str]:
    try:
        flow: dict[str, str] = orjson.loads(engine.cipher.decrypt(visit.cookie(_COOKIE) or "", _PLACE).reveal())
    except (SecretUnreadable, ValueError):
        raise SignOnFailed("This is not the way back of a sign-in that began in this browser.") from None
    if float(flow["until"]) < time.time():
        raise SignOnFailed("That took too long: begin again.")
    return flow


def _provider(engine: "Engine") -> "Oidc":
    if engine.people.oidc is None:
        raise NotNow("There is no single sign-on here.", field=("input",))
    return engine.people.oidc


def _refusal(error: Refused) -> PlainTextResponse:
    return PlainTextResponse(f"{error.sentence}\n", 403, {"Cache-Control": "no-store"})
