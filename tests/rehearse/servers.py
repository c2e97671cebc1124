"""Throwaway database servers in pairs: one as a container image makes it, one as RDS does.

The own side: PostgreSQL with the superuser `site`, MariaDB with root and the login `site` of one database.
The RDS side: `rdsadmin` administers; the login `app` has the rights of a master user and no more. It takes TLS only.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time

import psycopg2
import pymysql

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORDS = {"site": "pass 'of\\ \"site", "app": "pass of app", "rdsadmin": "administers", "root": "pass 'of\\ \"site"}
DATABASE = "app"

# What a master user may do on RDS for MySQL, by MariaDB's names.
MASTER = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, "
    "CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR, CREATE VIEW, "
    "SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER, DELETE HISTORY"
)


def postgres_binaries(version=None):
    """The folder of PostgreSQL's programs."""
    if version and os.path.isdir(version):
        return version
    folder = "/usr/lib/postgresql"
    found = sorted(os.listdir(folder), key=int) if os.path.isdir(folder) else []
    if version:
        # tests/install.sh puts others there.
        for place in "/var/cache/scalectl/postgres", os.path.expanduser("~/.cache/scalectl/postgres"), folder:
            path = os.path.join(place, str(version), "bin")
            if os.path.exists(path + "/postgres"):
                return path
        found = []
    if not found:
        raise SystemExit("error: PostgreSQL %s is not installed (apt-get install postgresql)" % (version or ""))
    return os.path.join(folder, found[-1], "bin")


class Ports:
    """Ports of this run: none that a system gives to who asks for any, as a server that is killed comes back to its port."""

    FIRST, COUNT = 20000, 12768

    def __init__(self, first=0):
        # Other processes begin elsewhere.
        self.next = first - self.FIRST if first else os.getpid() * 131

    def take(self):
        for _ in range(self.COUNT):
            port, self.next = self.FIRST + self.next % self.COUNT, self.next + 1
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                return port
        raise OSError("no port from %d on is free" % self.FIRST)


class Server:
    """A database server; `managed` makes it as RDS does."""

    engine = None

    def __init__(self, folder, port, managed, number):
        self.folder, self.port, self.managed, self.number = folder, port, managed, number
        self.login = "app" if managed else "site"
        self.password = WORDS[self.login]
        self.process = None
        os.makedirs(folder)
        os.chmod(folder, 0o755)
        self.user = pwd.getpwnam(self.runs_as) if os.getuid() == 0 else None
        self.give(folder)

    @staticmethod
    def environment():
        return {}

    def give(self, path):
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def spawn(self, words, **more):
        def become():
            os.setsid()
            if self.user:
                os.setgid(self.user.pw_gid)
                os.setuid(self.user.pw_uid)

        return subprocess.Popen(
            words, preexec_fn=become, cwd=self.folder, stdin=subprocess.DEVNULL,
            env=dict(self.environment(), PATH=os.environ["PATH"], TMPDIR=self.folder, LC_ALL="C", HOME=self.folder), **more
        )

    def run(self, words):
        with open(self.folder + "/setup.log", "ab") as log:
            if self.spawn(words, stdout=log, stderr=log).wait():
                raise RuntimeError("%s failed; see %s/setup.log" % (words[0], self.folder))

    def file(self, name, text, mode=0o600):
        path = os.path.join(self.folder, name)
        with open(path, "w") as out:
            out.write(text)
        os.chmod(path, mode)
        self.give(path)
        return path

    def start(self):
        with open(self.folder + "/log", "ab") as log:
            self.process = self.spawn(self.command(), stdout=log, stderr=log)
        until = time.monotonic() + 60
        while True:
            try:
                self.admin("postgres" if self.engine == "postgres" else "mysql").close()
                return
            except (psycopg2.OperationalError, pymysql.err.OperationalError):
                if time.monotonic() > until or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.process = None


class Postgres(Server):
    """PostgreSQL."""

    engine = "postgres"
    runs_as = "postgres"
    stop_signal = signal.SIGQUIT

    def __init__(self, folder, port, managed, number, binaries):
        super().__init__(folder, port, managed, number)
        self.binaries = binaries
        # A PostgreSQL that is not the system's has libraries of its own.
        libraries = os.path.normpath(binaries + "/../lib")
        own = os.path.exists(libraries + "/libpq.so.5")
        self.environment = lambda: {"LD_LIBRARY_PATH": libraries} if own else {}
        self.administrator = "rdsadmin" if managed else "site"
        word = self.file("word", WORDS[self.administrator])
        self.run([binaries + "/initdb", "-D", folder + "/data", "-U", self.administrator, "--pwfile", word,
                  "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"])
        with open(folder + "/data/pg_hba.conf", "w") as hba:
            way = "hostssl" if managed else "host"
            hba.write("{0} all all 127.0.0.1/32 scram-sha-256\n{0} replication all 127.0.0.1/32 scram-sha-256\n".format(way))
        subprocess.run(["openssl", "req", "-new", "-x509", "-days", "3", "-nodes", "-subj", "/CN=127.0.0.1",
                        "-out", folder + "/crt", "-keyout", folder + "/key"], check=True, capture_output=True)
        for name in "crt", "key":
            os.chmod(folder + "/" + name, 0o600)
            self.give(folder + "/" + name)
        self.start()
        self.prepare()

    def command(self):
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "wal_level=logical", "fsync=off",
                    "full_page_writes=off", "max_prepared_transactions=10", "max_replication_slots=20", "max_wal_senders=20",
                    "max_logical_replication_workers=8", "max_worker_processes=16", "max_connections=60",
                    "wal_retrieve_retry_interval=500ms", "ssl=on", "ssl_cert_file=%s/crt" % self.folder,
                    "ssl_key_file=%s/key" % self.folder, "shared_buffers=64MB", "log_line_prefix=%m [%p] %u %d %a "]
        words = [self.binaries + "/postgres", "-D", self.folder + "/data", "-p", str(self.port)]
        return words + [word for setting in settings for word in ("-c", setting)]

    def connect(self, user, database=DATABASE, **more):
        more.setdefault("connect_timeout", 10)
        return psycopg2.connect(host="127.0.0.1", port=self.port, user=user, password=WORDS.get(user, "secret"),
                                dbname=database, **more)

    def admin(self, database=DATABASE):
        connection = self.connect(self.administrator, database, options="-c role=none -c session_replication_role=replica -c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0 "
                                  "-c idle_session_timeout=0 -c idle_in_transaction_session_timeout=0 -c client_encoding=UTF8 "
                                  "-c standard_conforming_strings=on -c default_transaction_isolation=read\\ committed -c quote_all_identifiers=off "
                                  "-c default_transaction_deferrable=off -c xmloption=content -c row_security=on")
        connection.autocommit = True
        return connection

    def execute(self, text, database=DATABASE):
        """Statements by the administrator; the rows of the last."""
        connection = self.admin(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(text)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def prepare(self):
        self.version = int(self.execute("SHOW server_version_num", "postgres")[0][0]) // 10000
        self.has = ["icu"] if self.execute("SELECT 1 FROM pg_collation WHERE collprovider = 'i' OFFSET 20 LIMIT 1", "postgres") else []
        if not self.managed:
            return
        # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.rds_superuser.html
        more = {15: ["pg_checkpoint"], 16: ["pg_checkpoint", "pg_create_subscription", "pg_use_reserved_connections"]}
        roles = ["pg_monitor", "pg_signal_backend", "rds_replication", "rds_password"]
        roles += more[min(self.version, 16)]
        self.execute(
            "CREATE ROLE rds_superuser; CREATE ROLE rds_replication; CREATE ROLE rds_password; CREATE ROLE rds_iam;"
            "GRANT SET ON PARAMETER session_replication_role TO rds_superuser;"
            "GRANT %s TO rds_superuser WITH ADMIN OPTION;"
            "CREATE ROLE app LOGIN PASSWORD 'pass of app' CREATEDB CREATEROLE REPLICATION;"
            "GRANT rds_superuser TO app;" % ", ".join(roles), "postgres")
        threading.Thread(target=self.replicators, daemon=True).start()

    def replicators(self):
        """RDS lets members of rds_replication replicate; here the attribute does."""
        connection = None
        while self.process:
            try:
                connection = connection or self.admin("postgres")
                with connection.cursor() as cursor:
                    cursor.execute("SELECT quote_ident(rolname) FROM pg_roles WHERE NOT rolreplication AND NOT rolsuper "
                                   "AND rolname !~ '^(pg|rds)_' AND pg_has_role(oid, 'rds_replication', 'member')")
                    for name, in cursor.fetchall():
                        cursor.execute("ALTER ROLE %s REPLICATION" % name)
            except psycopg2.Error:
                connection = None
            time.sleep(0.1)

    def psql(self, path, user):
        """Loads a file as the application's user; what went wrong, or nothing."""
        found = subprocess.run(
            [client(self.binaries, "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", DATABASE, "-w",
             "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, PGPASSWORD=WORDS[user], PGOPTIONS="-c client_min_messages=warning"), timeout=600)
        return found.stderr.strip() if found.returncode else ""

    def reset(self, options=""):
        """Removes whatever a move or a schema left, and makes the database anew."""
        ours = ("site", "app", "rdsadmin", "rds_superuser", "rds_replication", "rds_password", "rds_iam")
        own = ours[:1] if not self.managed else ours[1:]
        connection = self.admin("postgres")
        cursor = connection.cursor()
        cursor.execute("SELECT gid, database FROM pg_prepared_xacts")
        for gid, database in cursor.fetchall():
            self.execute("ROLLBACK PREPARED '%s'" % gid, database)
        cursor.execute("SELECT datname FROM pg_database WHERE datname NOT IN ('template0', 'template1', 'postgres')")
        databases = [name for name, in cursor.fetchall()]
        for name in databases:
            cursor.execute('ALTER DATABASE "%s" RESET ALL' % name)
            one = self.admin(name)
            with one.cursor() as inner:
                inner.execute("SELECT subname FROM pg_subscription JOIN pg_database d ON d.oid = subdbid "
                              "WHERE datname = current_database()")
                for subscription, in inner.fetchall():
                    inner.execute("ALTER SUBSCRIPTION {0} DISABLE; ALTER SUBSCRIPTION {0} SET (slot_name = NONE);"
                                  "DROP SUBSCRIPTION {0}".format(subscription))
            one.close()
        for _ in range(200):
            cursor.execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active_pid IS NOT NULL")
            try:
                cursor.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE active_pid IS NULL")
            except psycopg2.Error:
                pass
            cursor.execute("SELECT count(*) FROM pg_replication_slots")
            if cursor.fetchone()[0] == 0:
                break
            time.sleep(0.02)
        for name in databases:
            cursor.execute('DROP DATABASE "%s" WITH (FORCE)' % name)
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND NOT rolname = ANY (%s)", (list(own),))
        for name, in cursor.fetchall():
            name = name.replace('"', '""')
            cursor.execute('DROP OWNED BY "%s" CASCADE; DROP ROLE "%s"' % (name, name))
        cursor.execute("SELECT spcname FROM pg_tablespace WHERE spcname !~ '^pg_'")
        for name, in cursor.fetchall():
            cursor.execute('DROP TABLESPACE "%s"' % name)
        cursor.execute("ALTER ROLE ALL RESET ALL")
        for name in own:
            if name in ("site", "app"):
                cursor.execute('ALTER ROLE %s RESET ALL' % name)
        if self.managed:
            cursor.execute("ALTER ROLE app NOSUPERUSER NOBYPASSRLS")
            cursor.execute("SELECT r.rolname FROM pg_auth_members JOIN pg_roles r ON r.oid = roleid "
                           "JOIN pg_roles m ON m.oid = member WHERE m.rolname = 'app' AND r.rolname <> 'rds_superuser'")
            for name, in cursor.fetchall():
                cursor.execute('REVOKE "%s" FROM app' % name)
        cursor.execute('CREATE DATABASE %s OWNER %s %s' % (DATABASE, self.login, options))
        connection.close()


class Mariadb(Server):
    """MariaDB, in MySQL's place."""

    engine = "mysql"
    runs_as = "mysql"
    stop_signal = signal.SIGKILL

    def __init__(self, folder, port, managed, number, _binaries=None):
        super().__init__(folder, port, managed, number)
        self.administrator = "rdsadmin" if managed else "root"
        self.run(["mariadb-install-db", "--no-defaults", "--datadir=%s/data" % folder,
                  "--auth-root-authentication-method=normal", "--skip-test-db"])
        word = pymysql.converters.escape_string(WORDS[self.administrator])
        own = pymysql.converters.escape_string(self.password)
        rights = MASTER + " ON *.*" if managed else "ALL ON `%s`.*" % DATABASE
        self.file("first.sql", "\n".join([
            "SET sql_log_bin = 0;",
            "DROP USER IF EXISTS ''@localhost;",
            "ALTER USER IF EXISTS root@localhost IDENTIFIED BY '%s', root@'127.0.0.1' IDENTIFIED BY '%s';" % (word, word),
            "CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY '%s';" % (self.administrator, word),
            "GRANT ALL ON *.* TO %s@'%%' WITH GRANT OPTION;" % self.administrator,
            "CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY '%s';" % (self.login, own),
            "GRANT %s TO %s@'%%' WITH GRANT OPTION;" % (rights, self.login), ""]))
        self.start()
        if managed:
            # What RDS adds, as the rehearsal has it.
            paths = [ROOT + "/src/rehearse/" + name for name in ("server/mariadb.sql", "managed.sql")]
            with open(next(path for path in paths if os.path.exists(path))) as text:
                found = subprocess.run(["mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", str(port), "-u" + self.administrator,
                                        "-p" + WORDS[self.administrator], "mysql"], stdin=text, capture_output=True, text=True)
            if found.returncode:
                raise RuntimeError(found.stderr)
        self.version = self.execute("SELECT version()", "mysql")[0][0]
        self.users = {tuple(row) for row in self.execute("SELECT user, host FROM mysql.user", "mysql")}
        self.settings = dict(self.execute("SHOW GLOBAL VARIABLES", "mysql"))
        self.schemas = {row[0] for row in self.execute("SHOW DATABASES", "mysql")}

    def command(self):
        return ["mariadbd", "--no-defaults", "--datadir=%s/data" % self.folder, "--socket=%s/socket" % self.folder,
                "--pid-file=%s/pid" % self.folder, "--init-file=%s/first.sql" % self.folder, "--bind-address=127.0.0.1",
                "--log-bin=binlog", "--binlog-format=ROW", "--skip-name-resolve", "--relay-log=relay",
                "--log-slave-updates=ON", "--replicate-wild-ignore-table=mysql.rds%", "--debug-no-sync",
                "--innodb-flush-method=nosync", "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M",
                "--max-allowed-packet=128M", "--character-set-server=utf8mb4", "--server-id=%d" % self.number,
                "--event-scheduler=ON", "--log-bin-trust-function-creators=ON", "--port=%d" % self.port]

    def connect(self, user, database=DATABASE, **more):
        more.setdefault("connect_timeout", 10)
        return pymysql.connect(host="127.0.0.1", port=self.port, user=user, password=WORDS.get(user, "secret"),
                               database=database, charset="utf8mb4", **more)

    def admin(self, database=DATABASE, **more):
        return self.connect(self.administrator, database, autocommit=True, **more)

    def execute(self, text, database=DATABASE):
        """Statements by the administrator; the rows of the last."""
        connection = self.connect(self.administrator, database, autocommit=True,
                                  client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
        try:
            with connection.cursor() as cursor:
                cursor.execute(text)
                while cursor.nextset():
                    pass
                return list(cursor.fetchall())
        finally:
            connection.close()

    def psql(self, path, user):
        """Loads a file as the application's user; what went wrong, or nothing."""
        with open(path) as text:
            found = subprocess.run(["mariadb", "--no-defaults", "--default-character-set=utf8mb4", "--max-allowed-packet=128M",
                                    "-h", "127.0.0.1", "-P", str(self.port), "-u" + user, "-p" + WORDS[user], DATABASE],
                                   stdin=text, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=600)
        return found.stderr.strip() if found.returncode else ""

    def reset(self, options=""):
        """Removes whatever a move or a schema left, and makes the database anew."""
        connection = self.admin("mysql")
        cursor = connection.cursor()
        cursor.execute("SET sql_log_bin = 0, foreign_key_checks = 0")
        cursor.execute("STOP SLAVE")
        cursor.execute("RESET SLAVE ALL")
        cursor.execute("SHOW GLOBAL VARIABLES")
        for name, value in cursor.fetchall():
            if self.settings.get(name) != value:
                try:
                    cursor.execute("SET GLOBAL %s = %s" % (name, pymysql.converters.escape_item(self.settings[name], "utf8mb4")
                                                           if not self.settings[name].replace(".", "").isdigit() else self.settings[name]))
                except (pymysql.Error, KeyError):
                    pass
        # Dumps of the XA transactions that a schema left prepared.
        cursor.execute("XA RECOVER")
        for _, first, second, name in cursor.fetchall():
            name = name.decode() if isinstance(name, bytes) else name
            cursor.execute("XA ROLLBACK '%s'" % name[:first])
        cursor.execute("SELECT id FROM information_schema.processlist WHERE user NOT IN ('system user', 'event_scheduler') "
                       "AND id <> connection_id()")
        for number, in cursor.fetchall():
            try:
                cursor.execute("KILL %d" % number)
            except pymysql.Error:
                pass
        cursor.execute("SHOW DATABASES")
        for name, in cursor.fetchall():
            if name not in self.schemas:
                cursor.execute("DROP DATABASE `%s`" % name.replace("`", "``"))
        cursor.execute("SELECT user, host, is_role FROM mysql.user")
        for user, host, role in cursor.fetchall():
            if (user, host) not in self.users:
                if (user, role) == ("PUBLIC", "Y"):
                    cursor.execute("REVOKE ALL ON *.* FROM PUBLIC")
                    cursor.execute("DELETE FROM mysql.global_priv WHERE user = 'PUBLIC'")
                    cursor.execute("DELETE FROM mysql.tables_priv WHERE user = 'PUBLIC'")
                    cursor.execute("DELETE FROM mysql.db WHERE user = 'PUBLIC'")
                    cursor.execute("FLUSH PRIVILEGES")
                elif role == "Y":
                    cursor.execute("DROP ROLE `%s`" % user)
                else:
                    cursor.execute("DROP USER `%s`@`%s`" % (user, host))
        for user, host in self.users:
            if user == self.login:
                rights = MASTER + " ON *.*" if self.managed else "ALL ON `%s`.*" % DATABASE
                cursor.execute("REVOKE ALL, GRANT OPTION FROM `%s`@`%s`" % (user, host))
                cursor.execute("GRANT %s TO `%s`@`%s` WITH GRANT OPTION" % (rights, user, host))
        cursor.execute("SELECT count(*) FROM mysql.time_zone_name")
        if cursor.fetchone()[0]:
            # A zone that was used once is known until the server starts again.
            for table in "time_zone", "time_zone_name", "time_zone_transition_type":
                cursor.execute("DELETE FROM mysql." + table)
            connection.close()
            self.stop()
            self.start()
            return self.reset(options)
        cursor.execute("RESET MASTER")
        cursor.execute("SET GLOBAL gtid_slave_pos = ''")
        cursor.execute("CREATE DATABASE `%s` %s" % (DATABASE, options))
        connection.close()


def client(binaries, name):
    """A client program: beside the server's, or the system's."""
    path = os.path.join(binaries, name)
    return path if os.path.exists(path) else shutil.which(name) or name


EXTENSIONS = {
    "corpus_jobs": ("schema = job\nrelocatable = false\n", "CREATE TABLE config (name text PRIMARY KEY, at text);\n"
                    "CREATE TABLE cache (name text PRIMARY KEY);\nSELECT pg_catalog.pg_extension_config_dump('config', '');\n"),
    "corpus_only_here": ("relocatable = true\n", "CREATE FUNCTION only_here() RETURNS int LANGUAGE sql AS 'SELECT 1';\n"),
    "corpus_geo": ("relocatable = false\n", "CREATE TYPE place AS (x float8, y float8);\n"
                   "CREATE FUNCTION place(float8, float8) RETURNS place LANGUAGE sql IMMUTABLE AS 'SELECT ROW($1, $2)::@extschema@.place';\n"
                   "CREATE FUNCTION far(place, place) RETURNS float8 LANGUAGE sql IMMUTABLE AS "
                   "'SELECT sqrt(($1.x - $2.x) ^ 2 + ($1.y - $2.y) ^ 2)';\n"
                   "CREATE OPERATOR <~> (leftarg = place, rightarg = place, function = far);\n"
                   "CREATE TABLE geo_ref (srid int PRIMARY KEY, text text);\nINSERT INTO geo_ref VALUES (4326, 'world'), (3857, 'web');\n"
                   "SELECT pg_catalog.pg_extension_config_dump('geo_ref', 'WHERE srid NOT IN (4326, 3857)');\n"),
}


def extension_folder(binaries):
    """Where PostgreSQL looks for extensions."""
    version = os.path.basename(os.path.dirname(binaries))
    for share in (os.path.join(binaries, "../share/postgresql/extension"), os.path.join(binaries, "../share/extension"),
                  "/usr/share/postgresql/%s/extension" % version):
        if os.path.isdir(share):
            return share
    raise SystemExit("error: there is no folder of extensions for " + binaries)


def extensions(binaries, install=True):
    """Writes extensions of our own beside PostgreSQL's, or removes them."""
    share = extension_folder(binaries)
    for name, (control, text) in EXTENSIONS.items():
        for path, content in (("%s.control" % name, "default_version = '1.0'\n" + control), ("%s--1.0.sql" % name, text)):
            path = os.path.join(share, path)
            if install:
                with open(path, "w") as out:
                    out.write(content)
                os.chmod(path, 0o644)
            elif os.path.exists(path):
                os.remove(path)


def forget_extension(binaries, name):
    """Removes the control file, so that no server here knows the extension."""
    path = "%s/%s.control" % (extension_folder(binaries), name)
    if os.path.exists(path):
        os.remove(path)


class Pair:
    """Both sides, a folder for the scripts, and the application's way to one of them."""

    def __init__(self, engine, folder, ports, down, binaries, target_binaries=None):
        make = Postgres if engine == "postgres" else Mariadb
        self.engine, self.folder, self.down = engine, folder, down
        os.makedirs(folder)
        os.chmod(folder, 0o755)
        self.source = make(folder + "/source", ports.take(), down, 11, binaries)
        self.target = make(folder + "/target", ports.take(), not down, 22, target_binaries or binaries)

    def reset(self, target_options=""):
        self.source.reset()
        self.target.reset(target_options)

    def stop(self):
        for server in self.source, self.target:
            server.stop()
            shutil.rmtree("/tmp/corpus-tablespace-%d" % server.port, ignore_errors=True)
