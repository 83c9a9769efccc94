"""Addresses and passwords, as values."""

import pytest

from engine.accounts.addresses import email_address
from engine.accounts.common_passwords import COMMONEST
from engine.accounts.mail import link
from engine.accounts.passwords import LONGEST, SHORTEST, check_password
from engine.errors import InvalidInput

ANN = "ann@example.com"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ann@Example.COM", ANN),
        ("ann@Bücher.example", "ann@xn--bcher-kva.example"),
        ("ann+ci@example.com", "ann+ci@example.com"),
        ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
    ],
)
def test_an_address_has_one_form(typed: str, kept: str) -> None:
    assert email_address(typed) == kept
    assert email_address(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ann",
        "ann@",
        "@example.com",
        "ann@example.com\r\nBcc: x@y.z",
        "Ann <ann@example.com>",
        "a" * 300,
        "a@\ud800.c",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        email_address(typed)


@pytest.mark.parametrize("password", ["correct battery", "            x  yz", "é" * 11 + "abcd", "1234567890-qwertz"])
def test_there_are_no_rules_of_composition(password: str) -> None:
    check_password(password, ANN)


@pytest.mark.parametrize(
    "password",
    [
        "x" * (SHORTEST - 1),
        "abcd" * (LONGEST // 4) + "e",
        ANN,
        ANN.upper(),
        "abababababab",
        "correct horse battery staple",
        "Password1234",
    ],
)
def test_what_is_tried_first_is_no_password(password: str) -> None:
    with pytest.raises(InvalidInput):
        check_password(password, ANN)


def test_the_list_of_passwords_has_only_those_that_would_be_long_enough() -> None:
    assert all(len(each) >= SHORTEST and each == each.casefold() for each in COMMONEST)


def test_what_a_link_holds_is_told_no_server() -> None:
    assert link("https://wharf.example.com", "reset-password", "s") == "https://wharf.example.com/reset-password#s"
