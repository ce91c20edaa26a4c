"""github.py HOST EVENT [KEY=VALUE...]: what GitHub's server and runner do with the workflows of HOST/origin.git.

  schedule                                      all workflows that have a schedule
  workflow_dispatch [plan=NAME]                 those that can be started by hand
  pull_request number=N action=opened [label=L] [actor=A] [moves=BRANCH]
                                                the workflows of the request's merge commit, then those that wait for them;
                                                in between somebody pushed another head

Prints one line of JSON a run: workflow, event, conclusion, group, jobs with their name, conclusion, steps, annotations, summary.
What a step said is in HOST/log/RUN/JOB.log. Steps run as the server would run them (`bash -e FILE` where no shell is named), in an
environment of their own, in a work tree that the stand-in of actions/checkout made. A permission that a workflow does not ask for
is not given.
"""
import json
import os
import re
import shutil
import subprocess
import sys

import yaml

from expressions import Missing, as_text, condition, expand
from server import Machine, PipelineError, Server, serve_comments, write_json

ADDRESS = "https://github.test"
SHELLS = {None: ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"], "sh": ["sh", "-e"]}
# What an event's token may do where the workflow says nothing, and what it never may from a fork.
ANNOTATIONS_A_STEP = 10
SUMMARY_BYTES = 1 << 20


def read_workflow(host, commit, path):
    workflow = yaml.safe_load(host.git("show", f"{commit}:{path}"))
    workflow["on"] = workflow.pop(True, workflow.get("on"))  # YAML 1.1 reads "on" as a truth
    if isinstance(workflow["on"], str):
        workflow["on"] = {workflow["on"]: None}
    if isinstance(workflow["on"], list):
        workflow["on"] = {event: None for event in workflow["on"]}
    workflow["path"] = path
    return workflow


def list_workflows(host, commit):
    names = host.git("ls-tree", "--name-only", commit, ".github/workflows/").split()
    return [read_workflow(host, commit, name) for name in names if re.search(r"\.ya?ml$", name)]


def seconds_of_cron(line):
    if len(line.split()) != 5:
        raise PipelineError(f"cron: {line!r} does not have five fields")


def is_meant(workflow, event, payload):
    """Whether the event starts that workflow."""
    if event not in workflow["on"]:
        return False
    wanted = workflow["on"][event] or {}
    if event == "schedule":
        for one in wanted:
            seconds_of_cron(one["cron"])
        return True
    if event == "workflow_run":
        return payload["workflow_run"]["name"] in wanted["workflows"] and payload["action"] in wanted.get("types", [payload["action"]])
    if event == "pull_request":
        return payload["action"] in wanted.get("types", ["opened", "synchronize", "reopened"])
    return True


class Run:
    """One run of one workflow."""

    def __init__(self, host, workflow, event, payload, sha, ref, actor):
        self.host, self.workflow, self.event, self.payload = host, workflow, event, payload
        self.sha, self.ref, self.actor = sha, ref, actor
        self.number = host.next_run()
        self.jobs = {}
        self.inputs = Missing(payload.get("inputs", {}))

    def contexts(self, job_permissions=None, **more):
        github = {
            "event_name": self.event, "event": Missing(self.payload), "repository": "o/r", "sha": self.sha, "ref": self.ref,
            "actor": self.actor, "run_id": str(self.number), "workflow": self.workflow["name"], "token": f"token-{self.number}",
            "server_url": ADDRESS, "workspace": "",
        }
        github.update(more.pop("github", {}))
        return {"github": github, "vars": Missing(self.host.vars), "inputs": self.inputs, "secrets": Missing(GITHUB_TOKEN=github["token"]), **more}

    def execute(self):
        group = (self.workflow.get("concurrency") or {}).get("group")
        group = as_text(expand(group, self.contexts()))
        waiting = dict(self.workflow["jobs"])
        while waiting:
            ready = [name for name, job in waiting.items() if all(need in self.jobs for need in self.needs(job))]
            if not ready:
                raise PipelineError(f"{self.workflow['path']}: jobs need each other: {', '.join(waiting)}")
            for name in ready:
                self.jobs[name] = Job(self, name, waiting.pop(name)).execute()
        conclusions = [job["conclusion"] for job in self.jobs.values()]
        conclusion = "failure" if "failure" in conclusions else "success" if "success" in conclusions else "skipped"
        return {"run": self.number, "workflow": self.workflow["name"], "event": self.event, "conclusion": conclusion,
                "group": group, "jobs": self.jobs}

    @staticmethod
    def needs(job):
        needs = job.get("needs", [])
        return [needs] if isinstance(needs, str) else needs


class Job:
    def __init__(self, run, name, job):
        self.run, self.name, self.job, self.host = run, name, job, run.host
        self.permissions = job.get("permissions", run.workflow.get("permissions"))
        if not isinstance(self.permissions, dict):
            raise PipelineError(f"{run.workflow['path']}: job {name} does not say which permissions it needs")
        self.token = f"token-{run.number}-{name}"
        self.status = "success"
        self.steps, self.annotations, self.summary = [], [], ""

    def needed(self):
        return {name: Missing(result=self.run.jobs[name]["conclusion"], outputs=Missing()) for name in Run.needs(self.job)}

    def execute(self):
        needed = self.needed()
        results = [one["result"] for one in needed.values()]
        before = "failure" if "failure" in results else "skipped" if "skipped" in results else "success"
        contexts = self.run.contexts(needs=needed, _status=before)
        if not condition(self.job.get("if"), contexts):
            # The server shows the name of a skipped job as it is written.
            return self.result("skipped", self.job.get("name", self.name))
        name = as_text(expand(self.job.get("name", self.name), contexts))
        expand(self.job["runs-on"], contexts)
        if not isinstance(self.job.get("timeout-minutes", 360), int):
            raise PipelineError(f"job {self.name}: timeout-minutes is no number")
        machine = Machine(self.host, self.run.number, self.name)
        api = serve_comments(self.host, {self.token: self.permissions})
        machine.map_address(f"{ADDRESS}/o/r", "origin.git", self.permissions.get("contents") == "write")
        machine.map_address(f"{ADDRESS}/p/prony", "prony.git", False)
        event_path = os.path.join(machine.root, "event.json")
        write_json(event_path, self.run.payload)
        environment = machine.environment | {
            "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": self.run.event, "GITHUB_REPOSITORY": "o/r", "GITHUB_SHA": self.run.sha,
            "GITHUB_REF": self.run.ref, "GITHUB_API_URL": api, "GITHUB_SERVER_URL": ADDRESS, "GITHUB_ACTOR": self.run.actor,
            "GITHUB_RUN_ID": str(self.run.number), "GITHUB_WORKSPACE": machine.workspace, "GITHUB_EVENT_PATH": event_path,
            "GITHUB_JOB": self.name, "RUNNER_OS": "Linux", "RUNNER_TEMP": machine.root,
        }
        self.execute_steps(machine, environment)
        machine.remove()
        return self.result(self.status, name)

    def result(self, conclusion, name):
        return {"name": name, "conclusion": conclusion, "steps": self.steps, "annotations": self.annotations, "summary": self.summary}

    def execute_steps(self, machine, environment):
        outputs, added, paths = Missing(), {}, []
        for index, step in enumerate(self.job["steps"]):
            label = step.get("name") or step.get("uses") or step["run"].splitlines()[0]
            github = {"workspace": machine.workspace, "token": self.token}
            contexts = self.run.contexts(github=github, needs=self.needed(), steps=outputs, _status=self.status, job=Missing(status=self.status),
                                         runner={"os": "Linux", "temp": machine.root})
            settings = {}
            for part in (self.run.workflow.get("env"), self.job.get("env"), added, step.get("env")):
                settings |= {key: as_text(expand(value, contexts | {"env": Missing(settings)})) for key, value in (part or {}).items()}
            contexts["env"] = Missing(settings)
            machine.log(f"##[step] {label}")
            if not condition(step.get("if"), contexts):
                self.steps.append({"name": label, "conclusion": "skipped"})
                continue
            try:
                if "uses" in step:
                    words = {key: as_text(expand(value, contexts)) for key, value in (step.get("with") or {}).items()}
                    self.use(machine, step["uses"], words)
                    status = 0
                else:
                    status = self.execute_script(machine, index, step, expand(step["run"], contexts), environment | settings, paths, added, outputs)
            except PipelineError as error:
                machine.log(f"##[error] {error}")
                status = 1
            conclusion = "success" if status == 0 else "failure"
            self.steps.append({"name": label, "conclusion": conclusion, "status": status})
            if conclusion == "failure" and not step.get("continue-on-error"):
                self.status = "failure"

    def execute_script(self, machine, index, step, text, environment, paths, added, outputs):
        files = {name: os.path.join(machine.root, f"{name.lower()}-{index}") for name in ("ENV", "PATH", "OUTPUT", "STEP_SUMMARY")}
        for path in files.values():
            open(path, "w").close()
        script = os.path.join(machine.root, f"step-{index}.sh")
        with open(script, "w") as file:
            file.write(text)
        environment = environment | {f"GITHUB_{name}": path for name, path in files.items()}
        environment["PATH"] = ":".join(paths[::-1] + [environment["PATH"]])
        status, said = machine.run([*SHELLS[step.get("shell")], script], environment)
        machine.log(f"##[status] {status}")
        added.update(read_assignments(files["ENV"]))
        paths += open(files["PATH"]).read().split()
        if "id" in step:
            outputs[step["id"]] = Missing(outputs=Missing(read_assignments(files["OUTPUT"])), conclusion="success" if status == 0 else "failure")
        summary = open(files["STEP_SUMMARY"]).read()
        if len(summary.encode()) > SUMMARY_BYTES:
            raise PipelineError("the summary is larger than 1 MiB: the server throws it away")
        self.summary += summary
        self.read_commands(said)
        return status

    def read_commands(self, said):
        """Annotations that the step's output holds; the server shows ten of each kind a step."""
        counts = {}
        for line in said.splitlines():
            match = re.match(r"::(error|warning|notice)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)$", line)
            if not match:
                continue
            counts[match[1]] = counts.get(match[1], 0) + 1
            if counts[match[1]] <= ANNOTATIONS_A_STEP:
                self.annotations.append({"kind": match[1], "properties": match[2] or "", "text": match[3]})

    # ---- stand-ins of the actions that our workflows use ----

    def use(self, machine, action, words):
        known = {"actions/checkout": self.check_out, "actions/upload-artifact": self.upload, "actions/download-artifact": self.download,
                 "github/codeql-action/upload-sarif": self.upload_sarif, "actions/upload-pages-artifact": self.upload_pages,
                 "actions/deploy-pages": self.deploy_pages}
        name, _, version = action.partition("@")
        if name not in known or not re.fullmatch(r"v\d+", version):
            raise PipelineError(f"no stand-in for {action}")
        known[name](machine, Missing(words))

    def ask(self, permission, level):
        given = self.permissions.get(permission, "none")
        if given != level and given != "write":
            raise PipelineError(f"needs the permission {permission}: {level}, has {given}")

    @staticmethod
    def only(words, *known):
        if set(words) - set(known):
            raise PipelineError(f"unknown input: {', '.join(set(words) - set(known))}")

    def check_out(self, machine, words):
        self.only(words, "repository", "ref", "path", "fetch-depth")
        self.ask("contents", "read")
        repository = words.get("repository") or "o/r"
        own = repository == "o/r"
        directory = os.path.normpath(os.path.join(machine.workspace, words.get("path") or "."))
        os.makedirs(directory, exist_ok=True)
        depth = words.get("fetch-depth", "1")
        machine.git("init", "-q", directory)
        machine.git("remote", "add", "origin", f"{ADDRESS}/{repository}", directory=directory)
        what = words.get("ref") or (self.run.sha if own else "HEAD")
        if depth == "0":
            machine.git("fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*", directory=directory)
            machine.git("fetch", "-q", "origin", what, directory=directory)
        else:
            machine.git("fetch", "-q", "--no-tags", f"--depth={depth}", "origin", what, directory=directory)
        machine.git("checkout", "-q", "--detach", "FETCH_HEAD", directory=directory)

    def upload(self, machine, words):
        self.only(words, "name", "path", "retention-days")
        patterns = words["path"].split()
        target = self.host.path("artifacts", str(self.run.number), words["name"])
        for pattern in patterns:
            source = os.path.join(machine.workspace, pattern)
            place = os.path.join(target, pattern) if len(patterns) > 1 else target
            if os.path.isdir(source):
                # Hidden files are left out by default.
                shutil.copytree(source, place, ignore=shutil.ignore_patterns(".*"), dirs_exist_ok=True)
            elif os.path.exists(source):
                os.makedirs(os.path.dirname(place), exist_ok=True)
                shutil.copy(source, place)

    def download(self, machine, words):
        self.only(words, "name", "path", "run-id", "github-token")
        if words.get("run-id"):
            self.ask("actions", "read")
            if words.get("github-token") != self.token:
                raise PipelineError("artifacts of another run need github-token")
        source = self.host.path("artifacts", words.get("run-id") or str(self.run.number), words["name"])
        if not os.path.isdir(source):
            raise PipelineError(f"Unable to download artifact(s): Artifact not found for name: {words['name']}")
        shutil.copytree(source, os.path.join(machine.workspace, words.get("path") or "."), dirs_exist_ok=True)

    def upload_sarif(self, machine, words):
        self.only(words, "sarif_file", "category")
        self.ask("security-events", "write")
        with open(os.path.join(machine.workspace, words["sarif_file"])) as file:
            sarif = json.load(file)
        if sarif["version"] != "2.1.0":
            raise PipelineError("no SARIF 2.1.0")
        for result in sarif["runs"][0]["results"]:
            if not result.get("locations"):
                raise PipelineError("Code Scanning could not process the submitted SARIF file: expected at least one location")
        write_json(self.host.path("code-scanning.json"), sarif)

    def upload_pages(self, machine, words):
        self.only(words, "path")
        source = os.path.join(machine.workspace, words["path"])
        if not os.path.exists(os.path.join(source, "index.html")):
            raise PipelineError(f"{words['path']} holds no site")
        shutil.copytree(source, self.host.path("artifacts", str(self.run.number), "github-pages"))

    def deploy_pages(self, machine, words):
        self.only(words)
        self.ask("pages", "write")
        self.ask("id-token", "write")
        source = self.host.path("artifacts", str(self.run.number), "github-pages")
        if not os.path.isdir(source):
            raise PipelineError("there is no artifact github-pages")
        shutil.rmtree(self.host.path("pages"), ignore_errors=True)
        shutil.copytree(source, self.host.path("pages"))


def read_assignments(path):
    """NAME=value, and NAME<<END ... END."""
    values, lines = {}, open(path).read().splitlines()
    while lines:
        line = lines.pop(0)
        name, mark, end = line.partition("<<")
        if mark and "=" not in name:
            body = []
            while lines and lines[0] != end:
                body.append(lines.pop(0))
            lines = lines[1:]
            values[name] = "\n".join(body)
        elif line:
            name, _, value = line.partition("=")
            values[name] = value
    return values


def merge_commit(host, pull, number):
    """refs/pull/N/merge, as the server makes it."""
    tree = host.git("merge-tree", "--write-tree", pull["base_sha"], pull["head_sha"]).splitlines()[0]
    commit = host.git("-c", "user.name=host", "-c", "user.email=h@h", "commit-tree", tree, "-p", pull["base_sha"], "-p", pull["head_sha"],
                      "-m", f"Merge {pull['head_sha']} into {pull['base_sha']}")
    host.git("update-ref", f"refs/pull/{number}/merge", commit)
    host.git("update-ref", f"refs/pull/{number}/head", pull["head_sha"])
    return commit


def trigger(host, event, words):
    repository = {"full_name": "o/r", "default_branch": "main"}
    main = host.git("rev-parse", "main")
    moves = words.pop("moves", None)
    actor = words.pop("actor", "ada")
    if event == "pull_request":
        number = words["number"]
        pull = host.request(number)
        sha, ref = merge_commit(host, pull, number), f"refs/pull/{number}/merge"
        payload = {
            "action": words["action"], "number": int(number), "repository": repository, "sender": {"login": actor},
            "pull_request": {
                "number": int(number), "labels": [{"name": name} for name in pull["labels"]],
                "base": {"sha": pull["base_sha"], "ref": pull["base"]}, "head": {"sha": pull["head_sha"], "ref": pull["head"]},
            },
        }
        if "label" in words:
            payload["label"] = {"name": words["label"]}
    else:
        sha, ref = main, "refs/heads/main"
        payload = {"repository": repository, "sender": {"login": actor}}
        if event == "workflow_dispatch":
            payload["inputs"] = dict(words)
    run_workflows(host, event, payload, sha, ref, actor, moves)


def run_workflows(host, event, payload, sha, ref, actor, moves=None):
    for workflow in list_workflows(host, sha):
        if not is_meant(workflow, event, payload):
            continue
        if event == "workflow_dispatch":
            inputs = (workflow["on"][event] or {}).get("inputs", {})
            payload["inputs"] = {name: payload["inputs"].get(name, one.get("default")) for name, one in inputs.items()}
        run = Run(host, workflow, event, payload, sha, ref, actor)
        result = run.execute()
        print(json.dumps(result), flush=True)
        if moves:
            write_json(host.path("pulls", f"{payload['number']}.json"), host.stored_request(payload["number"]) | {"head": moves})
        if event != "workflow_run":
            head = payload.get("pull_request", {}).get("head", {}).get("sha", sha)
            finished = {"action": "completed", "repository": payload["repository"], "workflow_run": {
                "id": run.number, "name": workflow["name"], "event": event, "conclusion": result["conclusion"], "head_sha": head}}
            run_workflows(host, "workflow_run", finished, host.git("rev-parse", "main"), "refs/heads/main", actor)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: github.py HOST EVENT [KEY=VALUE...]")
    trigger(Server(sys.argv[1]), sys.argv[2], dict(word.split("=", 1) for word in sys.argv[3:]))
