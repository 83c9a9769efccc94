from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from db.models.columns import id_column, moment_column


class Project(SQLModel, table=True):
    """What belongs together: the environments of one product."""

    __tablename__ = "project"
    __table_args__ = (UniqueConstraint("team_id", "name"),)

    id: str = id_column()
    team_id: str = Field(foreign_key="team.id")
    name: str
    created_at: datetime = moment_column()


class Environment(SQLModel, table=True):
    """One stage of a project, with a network of its own on each server that it uses.

    `team_id` is the project's: neither ever changes.
    """

    __tablename__ = "environment"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: str = id_column()
    team_id: str = Field(foreign_key="team.id", index=True)
    project_id: str = Field(foreign_key="project.id")
    name: str
    created_at: datetime = moment_column()
