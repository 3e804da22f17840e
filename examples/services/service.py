"""A complete service for mapgate in Python 3.9 or later, with nothing but the standard library.

    PORT=8470 TOKEN=secret DIRECTORY=aliases.json python3 service.py

    GET /aliases/{address}   200 {"goto": ["...", ...]}   404 {"error": "..."}   503 cannot tell
    GET /aliases             200 {"address": ["...", ...], ...}: all of them, for a replica
    GET /changes?since=...   200 the same of what has changed since x-cursor, null where it is gone   410 not known
"""
import hashlib
import hmac
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

TOKEN = os.environ.get("TOKEN", "")
DIRECTORY = os.environ.get("DIRECTORY", "aliases.json")
PREFIX, CHANGES = "/aliases/", "/changes?since="
SEEN = {}  # the entries at the last cursors that were handed out, to tell what has changed since


def changes(before, now):
    """What has changed between two states."""
    if before is None:
        return 410, {"error": "this cursor is not known; read the list"}
    return 200, {one: now.get(one) for one in {**before, **now} if before.get(one) != now.get(one)}


def answer(path, authorization):
    """The status, the body and perhaps a cursor. Only a key that is certainly not there is 404."""
    if not hmac.compare_digest(authorization.encode(), f"Bearer {TOKEN}".encode()):
        return 401, {"error": "wrong token"}
    with open(DIRECTORY, "rb") as file:
        text = file.read()
    entries, cursor = json.loads(text), hashlib.sha256(text).hexdigest()
    if path == "/aliases" or path.startswith(CHANGES):
        SEEN[cursor] = entries
        if len(SEEN) > 100:
            SEEN.pop(next(iter(SEEN)), None)
        known = SEEN.get(path[len(CHANGES):])
        return (200, entries, cursor) if path == "/aliases" else (*changes(known, entries), cursor)
    rest = path[len(PREFIX):]
    # Another status than 404: a wrong path must not look like "no such address".
    if not path.startswith(PREFIX) or not rest or "/" in rest or "?" in rest:
        return 400, {"error": "ask GET /aliases/{address}"}
    address = unquote(rest, errors="strict")
    if address not in entries:
        return 404, {"error": "no such address"}
    return 200, {"goto": entries[address]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open
    disable_nagle_algorithm = True  # else a reply on a kept-alive connection waits 40 ms

    def do_GET(self):
        try:
            status, body, *cursor = answer(self.path, self.headers.get("authorization", ""))
        except Exception as error:  # "cannot tell": mapgate asks again, and mail waits
            status, body, cursor = 503, {"error": str(error)}, []
        data = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for one in cursor:
            self.send_header("x-cursor", one)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Addresses stay out of the log."""


address = (os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8470")))
server = ThreadingHTTPServer(address, Handler)
print(f"listening on port {server.server_port}", flush=True)
server.serve_forever()
