"""What the catalogue says of every kind, in literals: what is changed there has to be changed here, on purpose."""

from db.models.database_kinds import DatabaseKind as K

PASSWORD = 'it\'s a "secret"\n$5 50%@home'
ENCODED = "it%27s%20a%20%22secret%22%0A%245%2050%25%40home"
SHA256 = "c5a127cf6fb35ee235f29d95b071a7ec3b0436b1132e784af103a3a5eb0c381b"
VERIFIER = (
    "SCRAM-SHA-256$4096:NhxxEFWZhJh9XgLE/EVoJA==$oKEYi9ULlmZhngNV/1VUo6tFgDQ/V11/6NUXxAlKeYY="
    ":zQdc+qYi4fRbHHe1S7mRY8QrjB3PLPyjhrBX6PUTwP8="
)
NATIVE = "*33ADEBB88569D276374B337C443C5FA89F0B677F"
REDIS_CONFIGURATION = """\
include /etc/wharf/configuration.conf
bind * -::*
port 6379
protected-mode no
dir /data
aclfile /data/users.acl
appendonly yes
appendfilename appendonly.aof
daemonize no
logfile ""
"""
REDIS_USERS = f"user default on #{SHA256} ~* &* +@all\n"
REDIS_FILES = {
    "/etc/wharf/server.conf": (999, 0o400, REDIS_CONFIGURATION),
    "/etc/wharf/configuration.conf": (999, 0o400, "# mine\n"),
}

# image · image of ours · variables · command · data path · stop signal
CONTAINERS = {
    K.POSTGRESQL: (
        "docker.io/library/postgres:18",
        "wharf.local/postgres:18",
        {
            "PGDATA": "/var/lib/postgresql/18/docker",
            "POSTGRES_DB": "postgres",
            "POSTGRES_HOST_AUTH_METHOD": "scram-sha-256",
            "POSTGRES_INITDB_ARGS": "--auth-host=scram-sha-256 --auth-local=trust",
            "POSTGRES_PASSWORD_FILE": "/etc/wharf/password",
            "POSTGRES_USER": "postgres",
        },
        ("postgres", "-c", "config_file=/etc/wharf/postgresql.conf"),
        "/var/lib/postgresql",
        "SIGINT",
    ),
    K.MYSQL: (
        "docker.io/library/mysql:8.4",
        "wharf.local/mysql:8.4",
        {
            "MYSQL_DATABASE": "app",
            "MYSQL_ROOT_HOST": "localhost",
            "MYSQL_ROOT_PASSWORD_FILE": "/etc/wharf/root-password",
        },
        None,
        "/var/lib/mysql",
        "SIGTERM",
    ),
    K.MARIADB: (
        "docker.io/library/mariadb:11.8",
        "wharf.local/mariadb:11.8",
        {
            "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD": "1",
            "MARIADB_AUTO_UPGRADE": "1",
            "MARIADB_DATABASE": "app",
            "MARIADB_ROOT_HOST": "localhost",
        },
        None,
        "/var/lib/mysql",
        "SIGTERM",
    ),
    K.MONGODB: (
        "docker.io/library/mongo:8.0",
        "wharf.local/mongo:8.0",
        {"MONGO_INITDB_DATABASE": "app"},
        ("mongod", "--auth", "--bind_ip_all", "--config", "/etc/wharf/configuration.yaml"),
        "/data/db",
        "SIGTERM",
    ),
    K.REDIS: (
        "docker.io/library/redis:8.2",
        "wharf.local/redis:8.2",
        {},
        ("redis-server", "/etc/wharf/server.conf"),
        "/data",
        "SIGTERM",
    ),
    K.VALKEY: (
        "docker.io/valkey/valkey:9.0",
        "wharf.local/valkey:9.0",
        {},
        ("valkey-server", "/etc/wharf/server.conf"),
        "/data",
        "SIGTERM",
    ),
    K.KEYDB: (
        "docker.io/eqalpha/keydb:x86_64_v6.3.4",
        "wharf.local/keydb:x86_64_v6.3.4",
        {},
        ("keydb-server", "/etc/wharf/server.conf"),
        "/data",
        "SIGTERM",
    ),
    K.DRAGONFLY: (
        "docker.dragonflydb.io/dragonflydb/dragonfly:v1.34.2",
        "wharf.local/dragonfly:v1.34.2",
        {},
        ("dragonfly", "--logtostderr", "--flagfile=/etc/wharf/server.flags"),
        "/data",
        "SIGTERM",
    ),
    K.CLICKHOUSE: (
        "docker.io/clickhouse/clickhouse-server:25.8",
        "wharf.local/clickhouse-server:25.8",
        {"CLICKHOUSE_SKIP_USER_SETUP": "1"},
        None,
        "/var/lib/clickhouse",
        "SIGTERM",
    ),
    K.COUCHDB: (
        "docker.io/library/couchdb:3.5",
        "wharf.local/couchdb:3.5",
        {},
        None,
        "/opt/couchdb/data",
        "SIGTERM",
    ),
}

# path → owner, mode, content, for a configuration of "# mine"
FILES = {
    K.POSTGRESQL: {
        "/etc/wharf/postgresql.conf": (
            999,
            0o400,
            "include '/var/lib/postgresql/18/docker/postgresql.conf'\n"
            "include '/etc/wharf/configuration.conf'\n"
            "listen_addresses = '*'\n"
            "port = 5432\n",
        ),
        "/etc/wharf/configuration.conf": (999, 0o400, "# mine\n"),
    },
    K.MYSQL: {"/etc/mysql/conf.d/wharf.cnf": (999, 0o400, "# mine\n")},
    K.MARIADB: {"/etc/mysql/conf.d/wharf.cnf": (999, 0o400, "# mine\n")},
    K.MONGODB: {"/etc/wharf/configuration.yaml": (999, 0o400, "# mine\n")},
    K.REDIS: REDIS_FILES,
    K.VALKEY: REDIS_FILES,
    K.KEYDB: REDIS_FILES,
    K.DRAGONFLY: {
        "/etc/wharf/server.flags": (
            999,
            0o400,
            "--snapshot_cron=*/5 * * * *\n# mine\n"
            "--aclfile=/data/users.acl\n--bind=0.0.0.0\n--port=6379\n--dir=/data\n--dbfilename=dump\n",
        )
    },
    K.CLICKHOUSE: {
        "/etc/clickhouse-server/config.d/configuration.xml": (101, 0o400, "# mine\n"),
        "/etc/clickhouse-server/config.d/wharf.xml": (
            101,
            0o400,
            "<clickhouse>\n  <listen_host>0.0.0.0</listen_host>\n"
            "  <backups><allowed_path>/var/lib/clickhouse/backups/</allowed_path></backups>\n</clickhouse>\n",
        ),
        "/etc/clickhouse-server/users.d/wharf.xml": (
            101,
            0o400,
            '<clickhouse>\n  <users>\n    <default remove="remove"/>\n    <app>\n'
            f"      <password_sha256_hex>{SHA256}</password_sha256_hex>\n"
            "      <networks><ip>::/0</ip></networks>\n      <profile>default</profile>\n"
            "      <quota>default</quota>\n      <access_management>1</access_management>\n"
            "      <named_collection_control>1</named_collection_control>\n    </app>\n  </users>\n</clickhouse>\n",
        ),
    },
    K.COUCHDB: {
        "/opt/couchdb/etc/local.d/configuration.ini": (5984, 0o600, "# mine\n"),
        "/opt/couchdb/etc/local.d/wharf.ini": (
            5984,
            0o600,
            "[couchdb]\nsingle_node = true\n\n[chttpd]\nport = 5984\nbind_address = 0.0.0.0\n\n[admins]\n"
            "app = -pbkdf2-850616eaa6f8de28176db49d3880e2910ff0480c,27e9422588da24c6ff1a75a97987c2f6,10000\n",
        ),
    },
}

FIRST_FILES = {
    K.POSTGRESQL: {"/etc/wharf/password": (999, 0o400, VERIFIER)},
    K.MYSQL: {
        "/docker-entrypoint-initdb.d/wharf.sql": (
            999,
            0o400,
            "SET SESSION sql_mode = '';\nSET NAMES utf8mb4;\n"
            "CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY 'it\\'s a \"secret\"\\n$5 50%@home';\n"
            "ALTER USER 'app'@'%' IDENTIFIED BY 'it\\'s a \"secret\"\\n$5 50%@home';\n"
            "GRANT ALL PRIVILEGES ON *.* TO 'app'@'%' WITH GRANT OPTION;\n",
        ),
        "/etc/wharf/root-password": (999, 0o400, "z0mgJ56L4DCS9ZdbepP8y7M1gKFvVK7DW2XPYbpYfo8"),
    },
    K.MARIADB: {
        "/docker-entrypoint-initdb.d/wharf.sql": (
            999,
            0o400,
            f"CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED VIA mysql_native_password USING '{NATIVE}';\n"
            f"ALTER USER 'app'@'%' IDENTIFIED VIA mysql_native_password USING '{NATIVE}';\n"
            "GRANT ALL PRIVILEGES ON *.* TO 'app'@'%' WITH GRANT OPTION;\n"
            "ALTER USER 'root'@'localhost' IDENTIFIED VIA unix_socket;\n",
        )
    },
    K.MONGODB: {
        "/docker-entrypoint-initdb.d/wharf.js": (
            999,
            0o400,
            'db.getSiblingDB("admin").createUser('
            '{"user": "app", "pwd": "it\'s a \\"secret\\"\\n$5 50%@home", "roles": ["root"]});\n',
        )
    },
    K.REDIS: {"/data/users.acl": (999, 0o600, REDIS_USERS)},
    K.VALKEY: {"/data/users.acl": (999, 0o600, REDIS_USERS)},
    K.KEYDB: {"/data/users.acl": (999, 0o600, REDIS_USERS)},
    K.DRAGONFLY: {"/data/users.acl": (999, 0o600, f"USER default ON #{SHA256} ~* &* +@ALL\n")},
    K.CLICKHOUSE: {},
    K.COUCHDB: {},
}

ADDRESSES = {
    K.POSTGRESQL: (
        f"postgresql://postgres:{ENCODED}@db:5432/postgres",
        f"postgresql://postgres:{ENCODED}@[::1]:9001/postgres?sslmode=require",
    ),
    K.MYSQL: (f"mysql://app:{ENCODED}@db:3306/app", f"mysql://app:{ENCODED}@[::1]:9001/app?ssl-mode=REQUIRED"),
    K.MARIADB: (f"mysql://app:{ENCODED}@db:3306/app", f"mysql://app:{ENCODED}@[::1]:9001/app?ssl-mode=REQUIRED"),
    K.MONGODB: (
        f"mongodb://app:{ENCODED}@db:27017/app?authSource=admin",
        f"mongodb://app:{ENCODED}@[::1]:9001/app?authSource=admin&tls=true",
    ),
    K.REDIS: (f"redis://default:{ENCODED}@db:6379/0", f"rediss://default:{ENCODED}@[::1]:9001/0"),
    K.VALKEY: (f"redis://default:{ENCODED}@db:6379/0", f"rediss://default:{ENCODED}@[::1]:9001/0"),
    K.KEYDB: (f"redis://default:{ENCODED}@db:6379/0", f"rediss://default:{ENCODED}@[::1]:9001/0"),
    K.DRAGONFLY: (f"redis://default:{ENCODED}@db:6379/0", f"rediss://default:{ENCODED}@[::1]:9001/0"),
    K.CLICKHOUSE: (
        f"clickhouse://app:{ENCODED}@db:9000/default",
        f"clickhouse://app:{ENCODED}@[::1]:9001/default?secure=true",
    ),
    K.COUCHDB: (f"http://app:{ENCODED}@db:5984", f"https://app:{ENCODED}@[::1]:9001"),
}

# the words that stand first and last in the commands: ready · login · change_password · dump · contents
_MYSQL = (
    "mysql",
    "--no-defaults",
    "--protocol=tcp",
    "--host=127.0.0.1",
    "--user=app",
    "--batch",
    "--skip-column-names",
)
_PSQL = (
    "psql",
    "--no-psqlrc",
    "--quiet",
    "--no-align",
    "--tuples-only",
    "--set=ON_ERROR_STOP=1",
    "--username=postgres",
)
_ROOT = ("mariadb", "--no-defaults", "--batch", "--skip-column-names", "--user=root")
_CLICKHOUSE = ("clickhouse-client", "--host=127.0.0.1", "--user=app", "--query=SELECT 1")
_DUMP_OPTIONS = (
    *("--all-databases", "--single-transaction", "--quick", "--routines", "--events", "--triggers", "--hex-blob"),
    "--default-character-set=utf8mb4",
)


def _like_redis(client: str) -> dict[str, tuple[str, ...]]:
    start = (client, "-h", "127.0.0.1", "-p", "6379")
    return {
        "ready": (*start, "PING"),
        "login": (*start, "PING"),
        "change_password": start,
        "dump": ("cat", "/data/wharf-dump.rdb"),
        "contents": (*start, "INFO", "keyspace"),
    }


COMMANDS: dict[K, dict[str, tuple[str, ...]]] = {
    K.POSTGRESQL: {
        "ready": ("pg_isready", "--quiet", "--host=127.0.0.1", "--port=5432", "--dbname=postgres"),
        "login": (*_PSQL, "--dbname=postgres", "--host=127.0.0.1", "--no-password", "--command=SELECT 1"),
        "change_password": (*_PSQL, "--dbname=postgres"),
        "dump": ("pg_dumpall", "--username=postgres", "--database=postgres"),
        "contents": (*_PSQL, "--dbname=postgres"),
    },
    K.MYSQL: {
        "ready": ("mysqladmin", *_MYSQL[1:5], "--connect-timeout=10", "ping"),
        "login": (*_MYSQL, "--execute=SELECT 1"),
        "change_password": _MYSQL,
        "dump": ("mysqldump", *_MYSQL[1:5], *_DUMP_OPTIONS, "--set-gtid-purged=OFF"),
        "contents": _MYSQL,
    },
    K.MARIADB: {
        "ready": _ROOT,
        "login": (*_ROOT[:4], "--protocol=tcp", "--host=127.0.0.1", "--user=app", "--execute=SELECT 1"),
        "change_password": _ROOT,
        "dump": ("mariadb-dump", "--no-defaults", "--user=root", *_DUMP_OPTIONS),
        "contents": _ROOT,
    },
    K.REDIS: _like_redis("redis-cli"),
    K.VALKEY: _like_redis("valkey-cli"),
    K.KEYDB: _like_redis("keydb-cli"),
    K.DRAGONFLY: _like_redis("redis-cli"),
    K.COUCHDB: {
        "ready": ("curl", "--config", "-"),
        "login": ("curl", "--config", "-"),
        "change_password": ("curl", "--config", "-"),
        "dump": (
            *("tar", "--create", "--file=-", "--directory=/opt/couchdb/data", "--exclude=./.shards"),
            ".",
        ),
        "contents": ("curl", "--config", "-"),
    },
    K.CLICKHOUSE: {
        "ready": _CLICKHOUSE,
        "login": _CLICKHOUSE,
        "change_password": _CLICKHOUSE,
        "dump": ("cat", "/var/lib/clickhouse/backups/wharf.zip"),
    },
    K.MONGODB: {"dump": ("mongodump", "--archive", "--config=/etc/wharf/tools.yaml")},
}

# where a new password goes on its way into the server: the environment, the input, a file
NEW_PASSWORD = "n'e\nw"
CHANGES: dict[K, str] = {
    K.POSTGRESQL: 'ALTER ROLE "postgres" WITH LOGIN PASSWORD \'SCRAM-SHA-256$4096:yR+8yLBWwSzFHcS9vOxzsg=='
    "$JWLjePPKUs4qU9Ekm2IesMlFPIvaMZEEXJXubGQqWlc=:fygFxHExGB5VxNdYHQe6Cpi3vdLb9ysZt0+sAM6TY8w=';\n",
    K.MYSQL: "SET SESSION sql_mode = '';\nSET NAMES utf8mb4;\nALTER USER 'app'@'%' IDENTIFIED BY 'n\\'e\\nw';\n",
    K.MARIADB: "ALTER USER 'app'@'%' IDENTIFIED VIA mysql_native_password "
    "USING '*9E8D7053F2760EB7E8F17674020A6600A02481E6';\n",
    K.REDIS: "ACL SETUSER default resetpass #ce7d941519c1693a90b86965fcc882b79b7cd2b231622002551186e925edbc8a\n"
    "ACL SAVE\n",
    K.DRAGONFLY: 'ACL SETUSER default RESETPASS "\\x3e\\x6e\\x27\\x65\\x0a\\x77"\nACL SAVE\n',
    K.COUCHDB: 'silent\nshow-error\nfail\nurl = "http://127.0.0.1:5984/_node/_local/_config/admins/app"\n'
    'user = "app:it\'s a \\"secret\\"\\n$5 50%@home"\nrequest = PUT\ndata = "\\"n\'e\\\\nw\\""\n',
}
