"""Codes of an app: each good once, and what to do without the app."""

import time

import pyotp
import pytest
from sqlmodel import Session, select

from db.models import RecoveryCode, User
from tests.graph.api.conftest import Api
from tests.graph.api.people import PASSWORD, at_a_browser, own_id, owner, signed_in, somebody, with_cookie

ANN = "ann@example.com"


@pytest.fixture
def clock(api: Api) -> list[float]:
    """The time, in its one item, as the second factor sees it."""
    moment = [time.time()]
    api.engine.people.second_factor._clock = lambda: moment[0]
    return moment


class App:
    """What somebody has on their phone."""

    def __init__(self, secret: str, clock: list[float]) -> None:
        self._totp = pyotp.TOTP(secret)
        self._clock = clock

    def code(self, later: int = 0) -> str:
        """The code of this moment, or of so many steps later."""
        return self._totp.at(int(self._clock[0]) + 30 * later)

    def wait(self) -> None:
        self._clock[0] += 30


async def protected(api: Api, clock: list[float], email: str = ANN) -> tuple[Api, App, list[str]]:
    """Somebody who is signed in, has a second factor, and has its recovery codes."""
    begun = await api.do("beginSecondFactor", "secret uri")
    assert begun["uri"].startswith(f"otpauth://totp/Wharfinger:{email.replace('@', '%40')}?secret={begun['secret']}")
    app = App(begun["secret"], clock)
    done = await api.do("confirmSecondFactor", "recoveryCodes", code=app.code())
    app.wait()
    return await with_cookie(api), app, done["recoveryCodes"]


async def refusal(api: Api, code: str | None = None, email: str = ANN) -> str:
    """Why somebody who knows the password is not let in with this code."""
    ((why, field),) = await at_a_browser(api).refused("signIn", email=email, password=PASSWORD, code=code)
    assert field in (["input", "code"], ["input"])
    return why


async def test_with_a_second_factor_a_password_is_not_enough(api: Api, clock: list[float]) -> None:
    _, app, _ = await protected(await owner(api), clock)
    assert await refusal(api) == "CODE_NEEDED"
    assert await refusal(api, "000000" if app.code() != "000000" else "000001") == "INVALID_INPUT"
    ann = await signed_in(api, ANN, code=app.code())
    assert (await ann.ask("{ viewer { recoveryCodesLeft user { secondFactor } } }"))["viewer"] == {
        "recoveryCodesLeft": 10,
        "user": {"secondFactor": True},
    }


async def test_each_code_is_good_once_and_for_a_step_around_its_own(api: Api, clock: list[float]) -> None:
    _, app, _ = await protected(await owner(api), clock)
    app.wait()
    await signed_in(api, ANN, code=app.code(-1))
    assert await refusal(api, app.code(-1)) == "INVALID_INPUT"
    await signed_in(api, ANN, code=app.code(1))
    assert await refusal(api, app.code()) == "INVALID_INPUT", "a later one was accepted already"
    for _ in range(3):
        app.wait()
    assert await refusal(api, app.code(2)) == "INVALID_INPUT"
    assert await refusal(api, app.code(-2)) == "INVALID_INPUT"


async def test_a_recovery_code_stands_in_once(api: Api, clock: list[float]) -> None:
    ann, app, codes = await protected(await owner(api), clock)
    assert len(set(codes)) == 10
    kept = await api.engine.sessions.read(_kept)
    assert not any(code in text or code.replace("-", "") in text for code in codes for text in kept)
    await signed_in(api, ANN, code=codes[0].upper())
    assert await refusal(api, codes[0]) == "INVALID_INPUT"
    others = await ann.do("renewRecoveryCodes", "recoveryCodes", code=app.code())
    assert await refusal(api, codes[1]) == "INVALID_INPUT"
    await signed_in(api, ANN, code=others["recoveryCodes"][0])


async def test_the_secret_is_sealed_and_the_factor_not_in_force_before_it_is_confirmed(
    api: Api, clock: list[float]
) -> None:
    ann = await owner(api)
    secret = (await ann.do("beginSecondFactor", "secret"))["secret"]
    assert secret not in str(await api.engine.sessions.read(_totp))
    assert await ann.refused("confirmSecondFactor", code="12345") == [("INVALID_INPUT", ["input", "code"])]
    await signed_in(api, ANN)
    await protected(ann, clock)
    assert await ann.refused("beginSecondFactor") != []


async def test_it_takes_password_and_code_to_do_without(api: Api, clock: list[float]) -> None:
    ann, app, _ = await protected(await owner(api), clock)
    wrong = await ann.refused("removeSecondFactor", password="wrong", code=app.code())
    assert wrong == [("INVALID_INPUT", ["input", "password"])]
    wrong = await ann.refused("removeSecondFactor", password=PASSWORD, code="")
    assert wrong == [("CODE_NEEDED", ["input", "code"])]
    await ann.do("removeSecondFactor", "", password=PASSWORD, code=app.code())
    await signed_in(api, ANN)


async def test_an_administrator_helps_who_has_lost_everything(api: Api, clock: list[float]) -> None:
    ann = await owner(api)
    bob, _, _ = await protected(await somebody(ann, "bob@example.com"), clock, "bob@example.com")
    bob_id = await own_id(bob)
    assert (await ann.do("removeSecondFactorOf", "user { secondFactor }", userId=bob_id))["user"] == {
        "secondFactor": False
    }
    await signed_in(api, "bob@example.com")


def _kept(session: Session) -> list[str]:
    return [row.hash for row in session.exec(select(RecoveryCode))]


def _totp(session: Session) -> str | None:
    return session.exec(select(User)).one().totp
