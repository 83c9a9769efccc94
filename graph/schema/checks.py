import strawberry

import graph.schema.certificate_enums  # noqa: F401  describes what is used here
from db.models import CertificateReason
from engine.certificates.checks import Outcome, PreflightReport, PreflightSubject
from graph.enums import described
from graph.schema.rows import of_row

described(
    Outcome,
    "How something turned out that was looked at.",
    OK="It is as it should be.",
    WRONG="It is not as it should be; the message says what to do.",
    UNKNOWN="It cannot be said, or was not asked.",
    NOT_REACHED="It does not come to this: something before it ends the matter.",
)
described(
    PreflightSubject,
    "What is looked at for a name.",
    PROXY="Whether the proxy runs.",
    DNS="Whether DNS answers, and has addresses.",
    ADDRESS="Whether it is our proxy that answers at an address which DNS has for the name.",
    CAA="Whether CAA records in DNS allow the authority to issue a certificate.",
)


@strawberry.type(description="One thing that was looked at for a name.")
class NameCheckItem:
    subject: PreflightSubject = strawberry.field(description="What was looked at.")
    outcome: Outcome = strawberry.field(description="How it turned out.")
    message: str = strawberry.field(description="A sentence about it, with what to do where something is wrong.")
    reason: CertificateReason | None = strawberry.field(description="What is wrong; null: nothing.")
    address: str | None = strawberry.field(description="The address that was asked, if one was.")
    ours: bool | None = strawberry.field(
        description="Whether that address leads to this server; null: none was asked."
    )


@strawberry.type(description="What was found out about one name of a domain.")
class NameCheck:
    host: str = strawberry.field(description="The name.")
    checks: list[NameCheckItem] = strawberry.field(description="All that was looked at, in this order.")
    reason: CertificateReason | None = strawberry.field(
        description="What is in the way of a certificate, or where none is needed of visitors; null: nothing."
    )
    problem: str | None = strawberry.field(description="The same in a sentence, with what to do.")

    @classmethod
    def of(cls, report: PreflightReport) -> "NameCheck":
        items = [of_row(NameCheckItem, each) for each in report.checks]
        return cls(host=report.host, checks=items, reason=report.reason, problem=report.problem or None)


@strawberry.type(description="What was found out about a domain: all its names, as of now.")
class DomainCheck:
    names: list[NameCheck] = strawberry.field(description="Each name that it stands for, the one given first.")
