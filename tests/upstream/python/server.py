"""An upstream that answers with whose request it is, or 401."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

from keyguard import verify


class Upstream(BaseHTTPRequestHandler):
    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def handle_request(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            claims = verify(self.headers.get("Keyguard-Assertion"), self.command, self.path.partition("?")[0])
        except jwt.InvalidTokenError as error:
            return self.answer(401, {"refused": repr(error)})
        self.answer(200, {name: claims[name] for name in ("account", "key_id", "kind", "mode")})

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
print(server.server_port, flush=True)
server.serve_forever()
