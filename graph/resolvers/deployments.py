import strawberry

from engine.deployments.plan import plan
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.fields import Id, Input, mutation, query
from graph.schema.applications import Application
from graph.schema.deployments import Deployment
from graph.schema.nodes import found
from graph.schema.plans import DeploymentPlan
from graph.schema.releases import Release

_APPLICATION = ("input", "applicationId")
_RELEASE = ("input", "releaseId")


@strawberry.input(description="What planDeployment needs.")
class PlanDeploymentInput:
    application_id: strawberry.ID = strawberry.field(description="The application that would be deployed.")
    release_id: strawberry.ID | None = strawberry.field(
        default=None, description="The earlier release to go back to; null: the application as it is now."
    )


@strawberry.input(description="What deployApplication needs.")
class DeployApplicationInput:
    application_id: strawberry.ID = strawberry.field(description="The application to deploy as it is now.")


@strawberry.type(description="What deployApplication did.")
class DeployApplicationPayload(Payload):
    deployment: Deployment | None = strawberry.field(default=None, description="The deployment, to be watched.")


@strawberry.input(description="What rollBackApplication needs.")
class RollBackApplicationInput:
    application_id: strawberry.ID = strawberry.field(description="The application to take back.")
    release_id: strawberry.ID | None = strawberry.field(
        default=None, description="The release to repeat; null: the one that was live before the live one."
    )


@strawberry.type(description="What rollBackApplication did.")
class RollBackApplicationPayload(Payload):
    deployment: Deployment | None = strawberry.field(default=None, description="The deployment, to be watched.")


@strawberry.input(description="What restartApplication needs.")
class RestartApplicationInput:
    application_id: strawberry.ID = strawberry.field(description="The application to give new containers.")


@strawberry.type(description="What restartApplication did.")
class RestartApplicationPayload(Payload):
    deployment: Deployment | None = strawberry.field(default=None, description="The deployment, to be watched.")


@strawberry.input(description="What startApplication needs.")
class StartApplicationInput:
    application_id: strawberry.ID = strawberry.field(description="The stopped application.")


@strawberry.type(description="What startApplication did.")
class StartApplicationPayload(Payload):
    deployment: Deployment | None = strawberry.field(default=None, description="The deployment, to be watched.")


@strawberry.input(description="What stopApplication needs.")
class StopApplicationInput:
    application_id: strawberry.ID = strawberry.field(description="The application that shall not run.")


@strawberry.type(description="What stopApplication did. The containers end in the background.")
class StopApplicationPayload(Payload):
    application: Application | None = strawberry.field(default=None, description="The application as it is now.")


@strawberry.input(description="What cancelDeployment needs.")
class CancelDeploymentInput:
    deployment_id: strawberry.ID = strawberry.field(description="The deployment to give up.")


@strawberry.type(description="What cancelDeployment did.")
class CancelDeploymentPayload(Payload):
    deployment: Deployment | None = strawberry.field(default=None, description="The deployment, about to end.")


@strawberry.type
class DeploymentQueries:
    @query(Action.READ, Noun.DEPLOYMENT, "The deployment with this id; null: there is none.")
    async def deployment(self, info: Info, id: Id) -> Deployment | None:
        return found(info, Deployment, id)

    @query(Action.READ, Noun.RELEASE, "The release with this id; null: there is none.")
    async def release(self, info: Info, id: Id) -> Release | None:
        return found(info, Release, id)

    @query(Action.READ, Noun.DEPLOYMENT, "What a deployment would do, found out without doing it.")
    async def plan_deployment(self, info: Info, input: Input[PlanDeploymentInput]) -> DeploymentPlan | None:
        engine = info.context.engine
        key, release_id = _application(input.application_id), _release(input.release_id)
        return DeploymentPlan.of(await plan(engine.sessions, engine.host.docker, key, release_id))


@strawberry.type
class DeploymentMutations:
    @mutation(Action.DEPLOY, Noun.APPLICATION, "Make a release of an application as it is now, and make it live.")
    async def deploy_application(self, info: Info, input: Input[DeployApplicationInput]) -> DeployApplicationPayload:
        key = _application(input.application_id)
        row = await info.context.engine.deployments.deploy(key, info.context.viewer.name)
        return DeployApplicationPayload(deployment=Deployment.of(row))

    @mutation(Action.DEPLOY, Noun.APPLICATION, "Make an earlier release live again, exactly as it was.")
    async def roll_back_application(
        self, info: Info, input: Input[RollBackApplicationInput]
    ) -> RollBackApplicationPayload:
        key, release_id = _application(input.application_id), _release(input.release_id)
        row = await info.context.engine.deployments.roll_back(key, release_id, info.context.viewer.name)
        return RollBackApplicationPayload(deployment=Deployment.of(row))

    @mutation(Action.DEPLOY, Noun.APPLICATION, "Replace the containers of an application by new ones of the same.")
    async def restart_application(
        self, info: Info, input: Input[RestartApplicationInput]
    ) -> RestartApplicationPayload:
        key = _application(input.application_id)
        row = await info.context.engine.deployments.restart(key, info.context.viewer.name)
        return RestartApplicationPayload(deployment=Deployment.of(row))

    @mutation(Action.DEPLOY, Noun.APPLICATION, "Run a stopped application again, as it was.")
    async def start_application(self, info: Info, input: Input[StartApplicationInput]) -> StartApplicationPayload:
        key = _application(input.application_id)
        row = await info.context.engine.deployments.start(key, info.context.viewer.name)
        return StartApplicationPayload(deployment=Deployment.of(row))

    @mutation(Action.DEPLOY, Noun.APPLICATION, "Stop an application, until it is started or deployed again.")
    async def stop_application(self, info: Info, input: Input[StopApplicationInput]) -> StopApplicationPayload:
        row = await info.context.engine.deployments.stop(_application(input.application_id))
        return StopApplicationPayload(application=Application.of(row))

    @mutation(Action.DEPLOY, Noun.DEPLOYMENT, "Give a deployment up, as long as its release is not live.")
    async def cancel_deployment(self, info: Info, input: Input[CancelDeploymentInput]) -> CancelDeploymentPayload:
        key = local_id("Deployment", input.deployment_id, field=("input", "deploymentId"))
        return CancelDeploymentPayload(deployment=Deployment.of(await info.context.engine.deployments.cancel(key)))


def _application(given: strawberry.ID) -> str:
    return local_id("Application", given, field=_APPLICATION)


def _release(given: strawberry.ID | None) -> str | None:
    return local_id("Release", given, field=_RELEASE) if given is not None else None
