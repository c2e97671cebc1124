"""What AWS manages: a database as RDS's and a cache as ElastiCache's, which accept TLS only and are known by names of AWS's."""

import pathlib
import subprocess

from images import POSTGRES
from outside import CACHE, RDS
from server import run, until

HERE = pathlib.Path(__file__).parent
AS_POSTGRES = ["env", "-i", "HOME=/mnt", "PATH=/usr/bin:/bin", "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


class Database:
    """PostgreSQL with the roles that RDS has instead of a superuser, as rehearsals make it (src/rehearse/server)."""

    def __init__(self, version, authority, hosts, name, user, password):
        self.programs, self.name = POSTGRES / version / "bin", name
        # In memory, and where somebody who is not root may go.
        self.folder = pathlib.Path("/mnt")
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", self.folder)
        for file, source in zip(("key", "pem"), authority.sign("rds", hosts)):
            (self.folder / file).write_text(source.read_text())
        run("chown", "-R", "postgres", self.folder)
        run("chmod", "600", self.folder / "key")
        data = self.folder / "data"
        self.run("initdb", "-D", data, "--username=rdsadmin", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        (data / "pg_hba.conf").write_text("local all rdsadmin trust\nhostssl all all all scram-sha-256\n"
                                          "hostssl replication all all scram-sha-256\n")
        settings = dict(listen_addresses=RDS, unix_socket_directories=self.folder, wal_level="logical", fsync="off", ssl="on",
                        ssl_cert_file=self.folder / "pem", ssl_key_file=self.folder / "key")
        words = [word for key, value in settings.items() for word in ("-c", "%s=%s" % (key, value))]
        log = open(self.folder / "log", "wb")
        subprocess.Popen([*AS_POSTGRES, self.programs / "postgres", "-D", data, *words], stdout=log, stderr=log)
        until("the managed database's start", lambda: (self.folder / ".s.PGSQL.5432").exists(), 30)
        until("its answer", lambda: self.answers("postgres", "SELECT 1") == "1", 30)
        sources = HERE.parents[1] / "src/rehearse/server"
        self.answers("postgres", (sources / "postgres.sql").read_text())
        self.answers("postgres", """
            CREATE ROLE "%s" LOGIN CREATEDB CREATEROLE REPLICATION PASSWORD '%s';
            GRANT rds_superuser TO "%s" WITH ADMIN OPTION;""" % (user, password, user))
        self.answers("postgres", 'CREATE DATABASE "%s" OWNER "%s"' % (name, user))
        subprocess.Popen([*self.psql(name), "-f", sources / "watch.sql"], stdout=log, stderr=log)

    def run(self, program, *arguments, **options):
        return run(*AS_POSTGRES, self.programs / program, *arguments, **options)

    def psql(self, database):
        return [*AS_POSTGRES, self.programs / "psql", "-h", self.folder, "-U", "rdsadmin", "-d", database, "-XqAt",
                "-v", "ON_ERROR_STOP=1"]

    def answers(self, database, statements):
        return run(*self.psql(database), input=statements)


def cache(authority, hosts):
    key, path = authority.sign("cache", hosts)
    subprocess.Popen(["redis-server", "--bind", CACHE, "--port", "0", "--tls-port", "6379", "--tls-cert-file", path, "--tls-key-file",
                      key, "--tls-ca-cert-file", authority.path, "--tls-auth-clients", "no", "--protected-mode", "no", "--save", ""], stdout=subprocess.DEVNULL)
