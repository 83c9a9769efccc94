"""From a part to what it belongs to. The files of the owners import those of the parts, so never at the top here."""

from typing import TYPE_CHECKING

from graph import loaders
from graph.context import Info

if TYPE_CHECKING:
    from graph.schema.applications import Application
    from graph.schema.environments import Environment
    from graph.schema.projects import Project
    from graph.schema.teams import Team


async def team_of(info: Info, key: str) -> "Team":
    from graph.schema.teams import Team

    return Team.of(await info.context.load(loaders.team_of, key))


async def project_of(info: Info, key: str) -> "Project":
    from graph.schema.projects import Project

    return Project.of(await info.context.load(loaders.project_of, key))


async def environment_of(info: Info, key: str) -> "Environment":
    from graph.schema.environments import Environment

    return Environment.of(await info.context.load(loaders.environment_of, key))


async def application_of(info: Info, key: str) -> "Application":
    from graph.schema.applications import Application

    return Application.of(await info.context.load(loaders.application_of, key))
