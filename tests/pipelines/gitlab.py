"""gitlab.py HOST schedule | gitlab.py HOST merge_request number=N: what GitLab's server and runner do with the pipeline file
.gitlab-ci.yml of HOST/origin.git.

Prints one line of JSON a pipeline: source, status, jobs with their status (success, warning, failed), exit status, artifacts. What
a job said is in HOST/log/PIPELINE/JOB.log. The keywords are those that our file uses; any other one is an error. A job runs before_script
and script in one bash with errexit and pipefail, in a clone that is kept for the next job (GIT_STRATEGY fetch, `git clean -ffdx`),
with the variables of its environment's scope only.
"""
import json
import os
import re
import shutil
import sys

import yaml

from server import Machine, PipelineError, Server, read_json, serve_comments

JOB_KEYS = {"image", "tags", "variables", "before_script", "script", "artifacts", "extends", "stage", "timeout", "resource_group", "environment",
            "allow_failure", "rules", "needs"}
STAGES = [".pre", "build", "test", "deploy", ".post"]
TOKEN = "project-token"


def merge(base, over):
    """Maps are merged, everything else is replaced."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {key: merge(base.get(key), over[key]) if key in over else base[key] for key in {**base, **over}}
    return base if over is None else over


def resolve(name, jobs):
    job = dict(jobs[name])
    parents = job.pop("extends", [])
    for parent in [parents] if isinstance(parents, str) else parents:
        job = merge(resolve(parent, jobs), job)
    unknown = set(job) - JOB_KEYS
    if unknown:
        raise PipelineError(f"job {name}: unknown keyword {', '.join(unknown)}")
    return job


def read_pipeline(host, commit):
    """The file with its local includes."""
    pipeline = yaml.safe_load(host.git("show", f"{commit}:.gitlab-ci.yml"))
    for include in pipeline.pop("include", []):
        included = yaml.safe_load(host.git("show", f"{commit}:{include['local'].lstrip('/')}"))
        pipeline = merge(included, pipeline)
    return pipeline


def expand(text, variables):
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda match: variables.get(match[1] or match[2], ""), str(text))


def holds(rule, variables):
    """`if:` of rules: terms joined by &&; $NAME, $NAME == "text", $NAME != "text"."""
    for term in rule.split("&&"):
        match = re.fullmatch(r'\s*\$(\w+)\s*(?:(==|!=)\s*"([^"]*)")?\s*', term)
        if not match:
            raise PipelineError(f"cannot read the rule {rule!r}")
        value = variables.get(match[1])
        if match[2] is None:
            true = bool(value)
        else:
            true = (value == match[3]) == (match[2] == "==")
        if not true:
            return False
    return True


def decide(job, variables):
    """When the job runs by its rules; None: not in this pipeline."""
    if "rules" not in job:
        return "on_success"
    for rule in job["rules"]:
        if "if" not in rule or holds(rule["if"], variables):
            return rule.get("when", "on_success")
    return None


def seconds(text):
    if not re.fullmatch(r"(\d+ (hours?|minutes?)\s*)+", text):
        raise PipelineError(f"cannot read the timeout {text!r}")


class Pipeline:
    def __init__(self, host, source, sha, variables):
        self.host, self.sha = host, sha
        self.number = host.next_run()
        self.file = read_pipeline(host, sha)
        self.jobs = {}
        self.variables = {
            "CI_PIPELINE_SOURCE": source, "CI_COMMIT_SHA": sha, "CI_DEFAULT_BRANCH": "main", "CI_PROJECT_ID": "7", "CI_PROJECT_PATH": "o/r",
            "CI_SERVER_HOST": "gitlab.test", "CI_PIPELINE_ID": str(self.number), "GITLAB_CI": "true", **variables,
        }
        # The project's settings, which win over those of the file.
        self.settings = {key: value for key, value in host.vars.items() if isinstance(value, str)}
        self.scoped = host.vars.get("scoped", {})

    def variables_of(self, job):
        found = {key: str(value) for part in (self.file.get("variables"), job.get("variables")) for key, value in (part or {}).items()}
        environment = job.get("environment", {})
        scoped = self.scoped.get(environment.get("name") if isinstance(environment, dict) else environment, {})
        return found | self.variables | self.settings | scoped

    def execute(self):
        jobs = {name: resolve(name, self.file) for name in self.file if not name.startswith(".") and name != "variables"}
        for name in sorted(jobs, key=lambda one: STAGES.index(jobs[one].get("stage", "test"))):
            job = jobs[name]
            # Rules are read before a job has an environment: variables of a scope are there, by its name.
            when = decide(job, self.variables_of(job))
            if when is None:
                continue
            failed = any(one["status"] == "failed" for one in self.jobs.values())
            if when == "on_success" and failed:
                self.jobs[name] = {"status": "skipped"}
                continue
            self.jobs[name] = self.execute_job(name, job)
        statuses = [one["status"] for one in self.jobs.values()]
        return {"pipeline": self.number, "status": "failed" if "failed" in statuses else "success", "jobs": self.jobs}

    def execute_job(self, name, job):
        seconds(job.get("timeout", "1 hour"))
        variables = self.variables_of(job)
        if [expand(tag, variables) for tag in job.get("tags", [])] not in ([], ["prony"]):
            raise PipelineError(f"job {name}: no runner has its tags")
        # The machine of the tag keeps its directory from job to job; others are fresh.
        machine = Machine(self.host, self.number, name, self.host.path("work", "runner") if job.get("tags") else None)
        machine.log_path = self.host.path("log", str(self.number), f"{name}.log")
        git_config = os.path.join(machine.home, ".gitconfig")
        if os.path.exists(git_config):
            os.remove(git_config)
        machine.map_address("https://gitlab-ci-token:job@gitlab.test/o/r.git", "origin.git", False)
        machine.map_address(f"https://prony:{TOKEN}@gitlab.test/o/r.git", "origin.git", True)
        machine.map_address("https://gitlab.test/p/prony.git", "prony.git", False)
        self.check_out(machine, variables)
        for needed in job.get("needs", []):
            if needed.get("artifacts", True):
                shutil.copytree(self.host.path("artifacts", str(self.number), needed["job"]), machine.workspace, dirs_exist_ok=True)
        variables |= {"CI_PROJECT_DIR": machine.workspace, "CI_JOB_NAME": name,
                      "CI_API_V4_URL": serve_comments(self.host, {TOKEN: {"pull-requests": "write"}, "job": {}})}
        script = os.path.join(machine.root, "script.sh")
        with open(script, "w") as file:
            file.write("set -eo pipefail\n" + "\n".join(job.get("before_script", []) + job["script"]) + "\n")
        status, _ = machine.run(["bash", script], machine.environment | {key: expand(value, variables) for key, value in variables.items()})
        machine.log(f"##[status] {status}")
        kept = self.keep(machine, name, job.get("artifacts"), status)
        allowed = job.get("allow_failure", {})
        allowed = allowed is True or isinstance(allowed, dict) and status in allowed.get("exit_codes", [])
        if not job.get("tags"):
            machine.remove()
        return {"status": "success" if status == 0 else "warning" if allowed else "failed", "exit": status, "artifacts": kept}

    def check_out(self, machine, variables):
        if not os.path.exists(os.path.join(machine.workspace, ".git")):
            machine.git("init", "-q")
            machine.git("remote", "add", "origin", "x")
        machine.git("remote", "set-url", "origin", "https://gitlab-ci-token:job@gitlab.test/o/r.git")
        depth = variables.get("GIT_DEPTH", "20")
        deep = [] if depth == "0" else [f"--depth={depth}"]
        heads = ["+refs/heads/*:refs/remotes/origin/*"] if depth == "0" else []
        machine.git("fetch", "-q", *deep, "origin", *heads, f"+{self.sha}:refs/pipelines/{self.number}")
        machine.git("checkout", "-q", "-f", "--detach", self.sha)
        machine.git("clean", "-ffdxq")

    def keep(self, machine, name, artifacts, status):
        if not artifacts or (status != 0 and artifacts.get("when") not in ("always", "on_failure")):
            return []
        target = self.host.path("artifacts", str(self.number), name)
        os.makedirs(target)
        reports = [path for path in (artifacts.get("reports") or {}).values()]
        kept = []
        for path in artifacts.get("paths", []) + reports:
            source = os.path.join(machine.workspace, path)
            if not os.path.exists(source):
                machine.log(f"WARNING: {path}: no matching files")
                continue
            kept.append(path)
            place = os.path.join(target, path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            if os.path.isdir(source):
                shutil.copytree(source, place, dirs_exist_ok=True)
            else:
                shutil.copy(source, place)
        return kept


def trigger(host, event, words):
    if event == "schedule":
        pipeline = Pipeline(host, "schedule", host.git("rev-parse", "main"), {"CI_COMMIT_BRANCH": "main", "GITLAB_USER_LOGIN": "ada"})
    elif event == "merge_request":
        pull = host.request(words["number"])
        variables = {
            "CI_MERGE_REQUEST_IID": words["number"], "CI_MERGE_REQUEST_DIFF_BASE_SHA": host.git("merge-base", pull["base_sha"], pull["head_sha"]),
            "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": pull["head"], "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": pull["base"],
            "GITLAB_USER_LOGIN": words.get("actor", "ada"),
        }
        if pull["labels"]:
            variables["CI_MERGE_REQUEST_LABELS"] = ",".join(pull["labels"])
        pipeline = Pipeline(host, "merge_request_event", pull["head_sha"], variables)
    else:
        raise PipelineError(f"unknown event {event}")
    print(json.dumps(pipeline.execute()), flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: gitlab.py HOST schedule | merge_request [KEY=VALUE...]")
    trigger(Server(sys.argv[1]), sys.argv[2], dict(word.split("=", 1) for word in sys.argv[3:]))
