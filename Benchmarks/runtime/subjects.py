"""The programs that are measured, and one run of one of them under the load generator."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILT = ROOT / ".build" / "benchmarks"
# Load generator and function share it: the last one, because the first takes most interrupts.
CORE = max(os.sched_getaffinity(0))

# What the product's configuration demands. The queues are never reached: AWS_ENDPOINT_URL leads to the load generator.
PRODUCT_ENVIRONMENT = {
    "TABLE_NAME": "jobs",
    "BUCKET_NAME": "outputs",
    "TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:completions",
    "WORK_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/work",
    "RESUME_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/resume",
    "AUTH_MODE": "none",
}


@dataclass(frozen=True)
class Subject:
    """A program and what the load generator must set for it."""

    name: str
    command: tuple[str, ...]
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict, hash=False)

    def run(self, *options: object) -> list[dict]:
        """One result for each launch; ends the program when a function did not answer as expected."""
        command = [str(BUILT / "load"), "--core", str(CORE), *self.options]
        for name, value in self.environment.items():
            command += ["--env", f"{name}={value}"]
        command += [*map(str, options), "--", *self.command]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{self.name}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]


def _built(name: str) -> Subject:
    return Subject(name, (str(BUILT / name),))


FLOOR_CURL = _built("floor-curl")
FLOOR_SOCKET = _built("floor-socket")
ECHO = _built("echo")
TYPED = _built("typed")
WAIT = _built("wait")
PYTHON = Subject(
    "awslambdaric",
    (str(BUILT / "python" / "bin" / "python"), "-m", "awslambdaric", "benchmark.handler"),
    environment={"PYTHONPATH": str(HERE / "python"), "LAMBDA_TASK_ROOT": str(HERE / "python")},
)
# Another build's program, while developing.
PRODUCT_PROGRAM = os.environ.get("COMFY_LAMBDA_BOOTSTRAP") or str(ROOT / ".build/lambda/bootstrap")
PRODUCT = Subject("bootstrap (api)", (PRODUCT_PROGRAM,), ("--handler", "api"), PRODUCT_ENVIRONMENT)
GENERATE = ("--event", HERE / "events" / "generate.json", "--expect", '"statusCode":202')
LIVENESS = ("--event", HERE / "events" / "health-live.json", "--expect", '"statusCode":200')
