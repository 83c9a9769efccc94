"""E-mail addresses, brought to one form."""

from typing import NewType

from email_validator import EmailNotValidError, validate_email

from engine.errors import InvalidInput

EmailAddress = NewType("EmailAddress", str)

_LONGEST = 254


def email_address(text: str) -> EmailAddress:
    """Lower case, the domain in punycode: `Ann@Bücher.Example` becomes `ann@xn--bcher-kva.example`.

    Nothing is looked up. Raises `InvalidInput`.
    """
    if len(text) > _LONGEST:
        raise InvalidInput(f"An e-mail address has at most {_LONGEST} characters.")
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except (EmailNotValidError, UnicodeError):
        raise InvalidInput("That is not an e-mail address such as ann@example.com.") from None
    address = f"{found.local_part}@{found.ascii_domain}".lower()
    if len(address) > _LONGEST or not address.isprintable():
        raise InvalidInput(f"An e-mail address has at most {_LONGEST} characters that can be shown.")
    return EmailAddress(address)
