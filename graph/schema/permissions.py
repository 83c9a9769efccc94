"""The words in which it is said who may do what."""

import strawberry

from engine.accounts.authorities import split_permission, write_permission
from engine.accounts.authority import Action, Noun
from graph.enums import described

described(
    Noun,
    "A kind of thing.",
    TEAM="A Team.",
    MEMBERSHIP="A Membership: who is in a team.",
    INVITATION="An Invitation into a team.",
    USER="A User.",
    API_TOKEN="An ApiToken.",
    AUDIT_ENTRY="An AuditEntry.",
    PROJECT="A Project.",
    ENVIRONMENT="An Environment.",
    APPLICATION="An Application, with its containers, variables and volumes.",
    DATABASE="A Database.",
    TCP_PROXY="A TcpProxy.",
    CERTIFICATE="A Certificate.",
    CERTIFICATE_RESOLVER="A CertificateResolver.",
    DATABASE_DUMP="A DatabaseDump.",
    DATABASE_RESTORE="A DatabaseRestore.",
    DOMAIN="A Domain.",
    DEPLOYMENT="A Deployment.",
    RELEASE="A Release.",
    SERVER="A Server.",
    EVENT="An Event.",
)
described(
    Action,
    "What somebody may do with a kind of thing.",
    READ="See it.",
    CREATE="Make one.",
    UPDATE="Change what is wanted of it.",
    REMOVE="Remove it.",
    DEPLOY="Deploy, roll back, restart, stop and start it, and cancel that.",
    REVEAL="Read what is secret of it, such as a password.",
)


@strawberry.type(description="Something that is allowed.")
class Permission:
    action: Action = strawberry.field(description="What may be done.")
    noun: Noun | None = strawberry.field(description="With what kind of thing; null: with every kind.")

    @classmethod
    def of(cls, text: str) -> "Permission":
        action, noun = split_permission(text)
        return cls(action=action, noun=noun)


@strawberry.input(description="Something to allow.")
class PermissionInput:
    action: Action = strawberry.field(description="What may be done.")
    noun: Noun | None = strawberry.field(default=None, description="With what kind of thing; null: with every kind.")

    def text(self) -> str:
        return write_permission(self.action, self.noun)
