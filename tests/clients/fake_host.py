"""fake_host.py PORTFILE LOG: stands in for the comment interfaces of GitHub and GitLab on a port of 127.0.0.1.

GET .../comments and .../notes list what was posted (100 a page), POST adds, PATCH and PUT replace. Writes its port to
PORTFILE once it listens, and one line a request to LOG: method, path, the token it was given. It ends with its parent's
stdin. A request with the token "wrong" is refused with 401.
"""
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlparse

comments = [{"id": 1, "body": "looks good to me"}]


class Host(BaseHTTPRequestHandler):
    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        token = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        with open(sys.argv[2], "a") as log:
            log.write(f"{self.command} {self.path} {token}\n")
        if token.endswith("wrong"):
            return self.answer(401, {"message": "Bad credentials"})
        url = urlparse(self.path)
        if self.command == "GET":
            page = int(parse_qs(url.query).get("page", ["1"])[0])
            return self.answer(200, comments[(page - 1) * 100 : page * 100])
        if self.command == "POST":
            comments.append({"id": len(comments) + 1, "body": body["body"]})
            return self.answer(201, comments[-1])
        wanted = int(url.path.rsplit("/", 1)[1])
        for comment in comments:
            if comment["id"] == wanted:
                comment["body"] = body["body"]
                return self.answer(200, comment)
        return self.answer(404, {"message": "Not Found"})

    do_GET = do_POST = do_PATCH = do_PUT = handle_any

    def log_message(self, *arguments):
        pass


if os.environ.get("FAKE_HOST_COMMENTS"):
    comments += [{"id": 2 + i, "body": "chatter"} for i in range(int(os.environ["FAKE_HOST_COMMENTS"]))]
server = HTTPServer(("127.0.0.1", 0), Host)
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(sys.argv[1] + ".partial", "w") as port:
    port.write(str(server.server_port))
os.rename(sys.argv[1] + ".partial", sys.argv[1])
sys.stdin.read()
