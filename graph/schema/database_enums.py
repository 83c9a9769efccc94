"""What a database can be, and what it can do. Take these enums from here: here they are explained."""

from db.models import DatabaseKind, DatabaseProblem, DatabaseStatus, DumpStatus, RestoreStatus
from graph.enums import described

__all__ = ["DatabaseKind", "DatabaseProblem", "DatabaseStatus", "DumpStatus", "RestoreStatus"]

described(
    DatabaseKind,
    "Which server a database is.",
    POSTGRESQL="PostgreSQL.",
    MYSQL="MySQL.",
    MARIADB="MariaDB.",
    MONGODB="MongoDB.",
    REDIS="Redis.",
    VALKEY="Valkey, which speaks Redis' protocol.",
    KEYDB="KeyDB, which speaks Redis' protocol.",
    DRAGONFLY="Dragonfly, which speaks Redis' protocol.",
    CLICKHOUSE="ClickHouse.",
    COUCHDB="CouchDB.",
)
described(
    DatabaseStatus,
    "What a database does, as far as Docker last told.",
    STARTING="It is on its way up: its image is pulled, it is initialised, or it recovers.",
    RUNNING="It answers.",
    FAILING="It shall run and does not answer. `problem` says why.",
    STOPPING="It is being shut down.",
    STOPPED="It does not run, as was asked for.",
    REMOVING="It is about to go.",
    UNREACHABLE="Its server does not answer. It may well run on.",
)
described(
    DatabaseProblem,
    "Why a database that shall run does not answer.",
    IMAGE_NOT_FOUND="The registry has no such image.",
    REGISTRY_DENIED="The registry wants credentials.",
    REGISTRY_UNREACHABLE="The registry does not answer.",
    START_REFUSED="Docker refused to make or to start the container.",
    EXITED="It ended before it was ready.",
    OUT_OF_MEMORY="It used more memory than it may.",
    NOT_READY="It runs, and did not answer within a minute. It is asked again and again.",
    UNHEALTHY="It was ready, and does not answer any more.",
    INTERNAL="A mistake of ours; the server's own log has more.",
)
described(
    DumpStatus,
    "The steps of a dump, in order, and its ends.",
    QUEUED="It waits for others to end.",
    DUMPING="The database is written to a file.",
    VERIFYING="A new server, which is thrown away afterwards, is made from the file, to see that this works.",
    GOOD="It can be restored.",
    FAILED="There is no file. `failure` says why.",
)
described(
    RestoreStatus,
    "The steps of a restore, in order, and its ends.",
    QUEUED="It waits for others to end.",
    RESTORING="A new server beside the live one, which serves as before, is made from the dump.",
    SWITCHING="The live server is shut down and started with the restored data.",
    SUCCEEDED="The database serves what was in the dump, and what it held before is gone.",
    FAILED="The database holds what it held before. `failure` says why.",
)
