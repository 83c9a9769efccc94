import strawberry

from engine.deployments import plan
from engine.names import ImageReference
from graph.schema.containers import Container
from graph.schema.domains import Domain
from graph.schema.names import field_name
from graph.schema.releases import Release
from graph.schema.rows import of_row


@strawberry.type(description="A container that would be started.")
class PlannedContainer:
    replica: int = strawberry.field(description="Which of the containers of the new release it would be, from 1.")
    image: ImageReference = strawberry.field(description="The image it would run.")


@strawberry.type(description="A domain whose requests would go to the new release.")
class PlannedRoute:
    domain: Domain = strawberry.field(description="The domain.")
    from_release: Release | None = strawberry.field(description="Where its requests go now; null: nowhere.")

    @classmethod
    def of(cls, route: plan.PlannedRoute) -> "PlannedRoute":
        now = route.from_release
        return cls(domain=Domain.of(route.domain), from_release=Release.of(now) if now else None)


@strawberry.type(description="One thing in which the new release would differ from the live one.")
class PlannedChange:
    field: str = strawberry.field(description="The field that differs, such as replicas or variables.LOG_LEVEL.")
    before: str | None = strawberry.field(description="What the live release has; null: nothing.")
    after: str | None = strawberry.field(description="What the new one would have; null: nothing.")


@strawberry.type(description="What a deployment would do, found out without doing it.")
class DeploymentPlan:
    creates: list[PlannedContainer] = strawberry.field(description="The containers that would be started.")
    removes: list[Container] = strawberry.field(description="The containers that would go afterwards.")
    replaces_release: Release | None = strawberry.field(description="The release that is live now; null: none.")
    moves: list[PlannedRoute] = strawberry.field(description="The domains whose requests would go elsewhere.")
    changes: list[PlannedChange] = strawberry.field(description="How the new release would differ from the live one.")
    pulls: bool = strawberry.field(description="Whether the registry would be asked for the image.")
    interrupts: bool = strawberry.field(description="Whether nobody would answer for a while.")

    @classmethod
    def of(cls, found: plan.Plan) -> "DeploymentPlan":
        return cls(
            creates=[of_row(PlannedContainer, each) for each in found.creates],
            removes=[Container.of(row) for row in found.removes],
            replaces_release=Release.of(found.replaces_release) if found.replaces_release else None,
            moves=[PlannedRoute.of(each) for each in found.moves],
            changes=[of_row(PlannedChange, each, field=field_name(each.field)) for each in found.changes],
            pulls=found.pulls,
            interrupts=found.interrupts,
        )
