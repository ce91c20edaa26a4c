"""server.py: what both hosts have in common: repositories, the comment interface, the machine that runs a job.

A host is a directory:

  origin.git     the repository that is measured
  prony.git      Prony's (its files as they are in the checkout that is tested)
  pulls/N.json   a request: {"head": BRANCH, "base": BRANCH, "labels": [...]}
  vars.json      variables that somebody set in the project's settings
  machine.json   what a job's machine has in its environment besides
  comments.json  under requests; log/ what jobs said; artifacts/ what they left

Nothing leaves this machine: addresses of the host are mapped to origin.git and prony.git by git's configuration, and what a
token must not do ends in an address that does not exist.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlparse

here = os.path.dirname(os.path.abspath(__file__))
checkout = os.path.dirname(os.path.dirname(here))


class PipelineError(Exception):
    """The pipeline asks for something that the host would refuse."""


def read_json(path, otherwise=None):
    if not os.path.exists(path):
        return otherwise
    with open(path) as file:
        return json.load(file)


def write_json(path, value):
    with open(path + ".partial", "w") as file:
        json.dump(value, file)
    os.rename(path + ".partial", path)


class Server:
    def __init__(self, directory):
        self.directory = os.path.abspath(directory)
        self.vars = read_json(self.path("vars.json"), {})
        for name in ("log", "artifacts", "pulls", "work"):
            os.makedirs(self.path(name), exist_ok=True)

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def git(self, *arguments, repository="origin.git"):
        done = subprocess.run(["git", "-C", self.path(repository), *arguments], capture_output=True, text=True)
        if done.returncode:
            raise PipelineError(f"git {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def stored_request(self, number):
        pull = read_json(self.path("pulls", f"{number}.json"))
        if pull is None:
            raise PipelineError(f"there is no request {number}")
        return pull

    def request(self, number):
        pull = self.stored_request(number)
        pull["base_sha"] = self.git("rev-parse", pull["base"])
        pull["head_sha"] = self.git("rev-parse", pull["head"])
        return pull

    def next_run(self):
        number = len(os.listdir(self.path("log"))) + 1
        while os.path.exists(self.path("log", str(number))):
            number += 1
        os.makedirs(self.path("log", str(number)))
        return number


class Comments(BaseHTTPRequestHandler):
    """The parts of both hosts' interfaces that our scripts use, for tokens that the host gave out: server.tokens maps a token to
    what it may do."""

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        host = self.server.host
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or self.headers.get("PRIVATE-TOKEN") or ""
        may = self.server.tokens.get(token)
        if may is None:
            return self.answer(401, {"message": "Bad credentials"})
        url = urlparse(self.path)
        pull = re.search(r"/pulls/(\d+)$", url.path)
        if pull:
            return self.answer(200, {"head": {"sha": host.request(pull[1])["head_sha"]}})
        if self.command != "GET" and may.get("pull-requests") != "write":
            return self.answer(403, {"message": "Resource not accessible by integration"})
        comments = read_json(host.path("comments.json"), [{"id": 1, "request": "0", "body": "hello"}])
        under = re.search(r"/(?:issues|merge_requests)/(\d+)/(?:comments|notes)(?:/(\d+))?$", url.path)
        one = re.search(r"/(?:comments|notes)/(\d+)$", url.path)
        if self.command == "GET":
            page = int(parse_qs(url.query).get("page", ["1"])[0])
            return self.answer(200, [c for c in comments if c["request"] == under[1]][(page - 1) * 100 : page * 100])
        if self.command == "POST":
            comments.append({"id": len(comments) + 1, "request": under[1], "body": body["body"]})
            write_json(host.path("comments.json"), comments)
            return self.answer(201, comments[-1])
        for comment in comments:
            if one and comment["id"] == int(one[1]):
                comment["body"] = body["body"]
                write_json(host.path("comments.json"), comments)
                return self.answer(200, comment)
        return self.answer(404, {"message": "Not Found"})

    do_GET = do_POST = do_PATCH = do_PUT = handle_any

    def log_message(self, *arguments):
        pass


def serve_comments(host, tokens):
    server = HTTPServer(("127.0.0.1", 0), Comments)
    server.host, server.tokens = host, tokens
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


class Machine:
    """A fresh machine for one job: a home directory, nothing of ours in the environment, and stand-ins for what needs a network or
    minutes (stand_ins/)."""

    def __init__(self, host, run, job, directory=None):
        self.host = host
        self.root = directory or host.path("work", f"{run}-{job}")
        self.home = os.path.join(self.root, "home")
        self.workspace = os.path.join(self.root, "workspace")
        for path in (self.home, self.workspace):
            os.makedirs(path, exist_ok=True)
        self.log_path = host.path("log", str(run), f"{job}.log")
        self.environment = {
            "PATH": f"{here}/stand_ins:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": self.home, "LANG": "C.UTF-8", "CI": "true", "no_proxy": "127.0.0.1",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "PIPELINE_READY": os.path.join(checkout, "build"),
            "https_proxy": "http://127.0.0.1:9",  # nothing of these tests goes out
            **read_json(host.path("machine.json"), {}),
        }

    def log(self, text):
        with open(self.log_path, "a") as file:
            file.write(text + "\n")

    def map_address(self, address, repository, writable):
        """From now on git reaches that repository of the host under that address."""
        def set_key(key):
            subprocess.run(["git", "config", "--file", os.path.join(self.home, ".gitconfig"), "--add", key, address], check=True)
        set_key(f"url.file://{self.host.path(repository)}.insteadOf")
        if not writable:
            set_key(f"url.file://{self.host.path('denied')}.pushInsteadOf")

    def git(self, *arguments, directory=None):
        done = subprocess.run(["git", *arguments], cwd=directory or self.workspace, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise PipelineError(f"git {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def run(self, words, environment, timeout_s=240):
        """Returns the exit status; stdout and stderr go to the job's log, and stdout is returned, too."""
        with open(self.log_path, "a") as log:
            start = log.tell()
            child = subprocess.Popen(words, cwd=self.workspace, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                     start_new_session=True)
            try:
                status = child.wait(timeout=timeout_s)
            except subprocess.TimeoutExpired:
                log.write(f"##[error] still running after {timeout_s} s\n")
                status = 124
                os.killpg(child.pid, signal.SIGTERM)
                child.wait()
        with open(self.log_path, errors="replace") as log:
            log.seek(start)
            return status, log.read()

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)


def make_host(directory):
    """origin.git is made by the test; Prony's repository holds what pipelines need of the checkout."""
    host = Server(directory)
    source = host.path("work", "prony")
    for name in ("ci", "suites"):
        shutil.copytree(os.path.join(checkout, name), os.path.join(source, name))
    os.makedirs(os.path.join(source, "scripts"))
    shutil.copy(os.path.join(checkout, "scripts", "lib.sh"), os.path.join(source, "scripts"))
    shutil.copy(os.path.join(checkout, ".gitignore"), source)
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "prony"],
                  ["clone", "-q", "--bare", source, host.path("prony.git")]):
        subprocess.run(["git", *words], cwd=source, check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(source)
    return host


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "make":
        sys.exit("usage: server.py make DIRECTORY")
    make_host(sys.argv[2])
