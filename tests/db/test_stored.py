from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, SQLModel, col, select

from db.models import Application, ApplicationStatus, Domain, Environment, Project, Scheme, Server, Team
from db.sessions import Sessions
from db.stored import Statement, Stored, columns_of, given, selected, several

WHOLE_SECOND = datetime(2026, 1, 31, 12, tzinfo=UTC)


def _fill(session: Session) -> None:
    team = Team(name="crew")
    project = Project(team_id=team.id, name="shop")
    environment = Environment(team_id=team.id, project_id=project.id, name="production")
    server = Server(name="here")
    for row in (team, project, environment, server):
        session.add(row)
        session.flush()
    for number in range(3):
        application = Application(
            environment_id=environment.id,
            server_id=server.id,
            name=f"web-{number}",
            image="nginx",
            command=None if number else ["serve", "ä"],
            cpu_limit=0.5 if number else None,
            status=ApplicationStatus.RUNNING,
            created_at=WHOLE_SECOND,
        )
        session.add(application)
        session.flush()
        session.add(
            Domain(
                application_id=application.id,
                server_id=server.id,
                scheme=Scheme.HTTPS,
                host=f"{number}.example.com",
                options={"compress": True},
            )
        )


def _stored(sessions: Sessions, table: Any, names: set[str] | None = None) -> list[Stored]:
    columns = columns_of(table, names)
    return sessions.rows_now(Statement(selected(columns).order_by(table.id), columns, sessions.dialect))


def _models(session: Session, table: Any) -> Any:
    return session.exec(select(table).order_by(table.id)).all()


async def test_stored_rows_have_the_values_of_models(sessions: Sessions) -> None:
    await sessions.write(_fill)
    tables: tuple[Any, ...] = (Team, Project, Environment, Server, Application, Domain)
    for table in tables:
        models = sessions.read_now(_models, table)
        rows = _stored(sessions, table)
        read = type(rows[0]).columns_of(rows)
        for name in table.model_fields:
            wanted = [getattr(model, name) for model in models]
            assert [getattr(row, name) for row in rows] == wanted
            assert list(read(name)) == wanted


async def test_what_is_made_of_json_belongs_to_whoever_reads_it(sessions: Sessions) -> None:
    await sessions.write(_fill)
    row = _stored(sessions, Domain)[0]
    row.options["compress"] = False
    assert row.options == {"compress": True}


async def test_only_the_columns_that_are_named_are_read(sessions: Sessions) -> None:
    await sessions.write(_fill)
    assert {len(row) for row in _stored(sessions, Application, {"name", "status"})} == {2}
    assert not hasattr(_stored(sessions, Application, {"name"})[0], "status")


async def test_values_are_given_each_time(sessions: Sessions) -> None:
    await sessions.write(_fill)
    table: type[SQLModel] = Application
    columns = columns_of(table, {"name"})
    query = selected(columns).where(col(Application.name).in_(select(given("names").c.value)))
    query = query.where(col(Application.status) == ApplicationStatus.RUNNING).limit(bindparam("count"))
    statement = Statement(query, columns, sessions.dialect)
    for names in (["web-1"], ["web-0", "web-2"], [], ["web-2", "none", "' OR 1"]):
        rows = sessions.rows_now(statement, names=several(names), count=10)
        assert sorted(row.name for row in rows) == [name for name in names if name.startswith("web")]
    assert len(sessions.rows_now(statement, names=several(["web-0", "web-1"]), count=1)) == 1
