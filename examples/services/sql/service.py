#!/usr/bin/python3
"""An HTTP service in front of PostgreSQL, MySQL, MariaDB or SQLite, for mapgate.

    mapgate-sql service.toml

    GET /TABLE/{key}   200 {"values": [...]}   404 {"error": ...}   503 cannot tell
    GET /TABLE         200 {"KEY": [...], ...}: all of it, for a replica

The tables and their statements are in the file that `statements` of service.toml names. Every error of the
database is 503: mapgate asks again, mail waits, and nothing bounces.
"""
import hashlib
import hmac
import json
import os
import re
import socket
import stat
import sys
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

# Answered while there is data (`any` in the statements, else a row of the table): a service whose data is gone, or not
# there yet, is not believed.
CANARY = "canary@mapgate.invalid"

# Longest key, in bytes. An address has 320 (RFC 5321, section 4.5.3.1).
MAX_KEY = 512

# Seconds for a connection, for one statement, and for a place in the pool: less than mapgate waits.
TIMEOUT = 3


def main(file):
    settings, folder = read_toml(Path(file)), Path(file).resolve().parent
    token = secret(settings["token_file"], folder)
    engine = open_database(settings, folder)
    tables = read_toml(folder / settings["statements"])
    host, _, port = settings.get("listen", "127.0.0.1:8470").rpartition(":")
    Handler.token, Handler.tables = token, {name: Table(engine, one) for name, one in tables.items()}
    server = Server((host.strip("[]"), int(port)), Handler)
    print(f"listening on port {server.server_port}", flush=True)
    server.serve_forever()


def read_toml(path):
    with open(path, "rb") as file:
        return tomllib.load(file)


def secret(name, folder):
    """The first line of a file: a credential of the unit (systemd), else beside the settings, readable by nobody else."""
    credential = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent")) / name
    path = credential if credential.exists() else folder / name
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        sys.exit(f"{path}: others can read it; chmod 0600 {path}")
    value = path.read_text(encoding="utf-8").split("\n", 1)[0].strip()
    return value or sys.exit(f"{path}: is empty")


def open_database(settings, folder):
    url = make_url(settings["database"])
    if "password_file" in settings:
        url = url.set(password=secret(settings["password_file"], folder))
    pool = {"pool_size": settings.get("pool", 8), "max_overflow": 0, "pool_timeout": TIMEOUT, "pool_pre_ping": True}
    match url.get_backend_name():
        case "postgresql":
            limits = {"connect_timeout": TIMEOUT, "options": f"-c statement_timeout={TIMEOUT}s"}
            return create_engine(url, connect_args=limits, **pool)
        case "mysql" | "mariadb":
            # Else || is "or", and the statements would differ from those of the other databases.
            limits = {"connect_timeout": TIMEOUT, "read_timeout": TIMEOUT, "write_timeout": TIMEOUT,
                      "init_command": "SET SESSION sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT')"}
            return create_engine(url.set(drivername=f"{url.get_backend_name()}+pymysql"), connect_args=limits, **pool)
        case "sqlite":
            # Read only: a file that is not there must be an error, and not an empty database.
            path = folder / url.database
            return create_engine(f"sqlite:///file:{path}?mode=ro&uri=true", connect_args={"timeout": TIMEOUT})
        case other:
            sys.exit(f"{other}: is no database that this service knows; postgresql, mysql, mariadb and sqlite are")


class Table:
    """One table of mapgate: its statements, as they stand in the file."""

    def __init__(self, engine, statements):
        self.engine = engine
        self.one = text(statements["one"])
        self.list = text(statements["list"])
        # A row of the data, as long as it is there; of another table where this one may be empty.
        self.any = text(statements.get("any", statements["list"]).rstrip().rstrip(";") + " LIMIT 1")
        self.has_lists = statements.get("comma_lists", False)

    def values(self, key):
        """The values of a key; [] for none."""
        with self.engine.connect() as database:
            if key == CANARY:
                return ["present"] if database.execute(self.any).first() else []
            user, at, domain = key.rpartition("@")
            # A key without @ has no domain; "" is nobody's.
            asked = {"key": key, "user": user if at else key, "domain": domain if at else ""}
            rows = database.execute(self.one, asked).all()
        return [value for row in rows for value in self.split(row[0])]

    def everything(self):
        entries = {}
        with self.engine.connect() as database:
            for key, value in database.execute(self.list):
                entries.setdefault(key, []).extend(self.split(value))
            has_data = database.execute(self.any).first() is not None
        entries = {key: values for key, values in entries.items() if values}
        return entries | ({CANARY: ["present"]} if has_data else {})

    def split(self, value):
        texts = [] if value is None else str(value).split(",") if self.has_lists else [str(value)]
        return [one.strip() for one in texts if one.strip()]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open
    disable_nagle_algorithm = True  # else a reply on a kept-alive connection waits 40 ms
    wbufsize = -1  # head and body in one packet

    def do_GET(self):
        try:
            status, body = self.answer()
        except Exception as error:  # "cannot tell"
            print(f"{type(error).__name__}: {str(error).splitlines()[0]}", file=sys.stderr, flush=True)
            status, body = 503, {"error": "the database does not answer; see the log of this service"}
        data = json.dumps(body, ensure_ascii=False, sort_keys=True).encode() + b"\n"
        etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
        if status == 200 and self.headers.get("if-none-match") == etag:
            status, data = 304, b""
        self.send_response(status)
        self.send_header("content-type", "application/json")
        if status != 304:
            self.send_header("content-length", str(len(data)))
        if status in (200, 304):
            self.send_header("etag", etag)
        self.end_headers()
        self.wfile.write(data)

    def answer(self):
        """The status and the body. Only a key that is certainly not there is 404."""
        sent = self.headers.get("authorization", "").encode()
        if not hmac.compare_digest(sent, b"Bearer " + self.token.encode()):
            return 401, {"error": "wrong token"}
        path = re.fullmatch(r"/([A-Za-z0-9_-]+)(?:/([^/?]+))?", self.path)
        table = path and self.tables.get(path[1])
        # Another status than 404: a wrong path must not look like "no such address".
        if table is None:
            return 400, {"error": f"ask GET /TABLE/{{key}}; tables: {', '.join(self.tables)}"}
        if path[2] is None:
            return 200, table.everything()
        try:
            key = unquote(path[2], errors="strict")
        except UnicodeDecodeError:
            return 404, {"error": "no address, since it is no UTF-8"}
        if "\0" in key or len(key.encode()) > MAX_KEY:
            return 404, {"error": "no address"}
        values = table.values(key)
        return (200, {"values": values}) if values else (404, {"error": "no such key"})

    def log_message(self, *_):
        """Addresses stay out of the log."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self):
        if ":" in self.server_address[0]:
            self.address_family = socket.AF_INET6
        super().server_bind()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: service.py service.toml")
    main(sys.argv[1])
