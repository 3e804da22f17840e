"""A complete service for mapgate in Python 3.9 or later, with nothing but the standard library.

    PORT=8470 TOKEN=secret DIRECTORY=aliases.json python3 service.py

    GET /aliases/{address}   200 {"goto": ["...", ...]}   404 {"error": "..."}   503 cannot tell
    GET /aliases             200 {"address": ["...", ...], ...}: all of them, for a replica
"""
import hmac
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

TOKEN = os.environ.get("TOKEN", "")
DIRECTORY = os.environ.get("DIRECTORY", "aliases.json")
PREFIX = "/aliases/"


def answer(path, authorization):
    """The status and the body. Only a key that is certainly not there is 404."""
    if not hmac.compare_digest(authorization.encode(), f"Bearer {TOKEN}".encode()):
        return 401, {"error": "wrong token"}
    with open(DIRECTORY, encoding="utf-8") as file:
        entries = json.load(file)
    if path == "/aliases": return 200, entries
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

    def do_GET(self):
        try:
            status, body = answer(self.path, self.headers.get("authorization", ""))
        except Exception as error:  # "cannot tell": mapgate asks again, and mail waits
            status, body = 503, {"error": str(error)}
        data = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Addresses stay out of the log."""


address = (os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8470")))
server = ThreadingHTTPServer(address, Handler)
print(f"listening on port {server.server_port}", flush=True)
server.serve_forever()
