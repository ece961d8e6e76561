"""deploy/scaling: what its schemas cannot know. That it is well formed is test_sam.py's."""

import re

import yaml
from template import ROOT, resources

ECS = "deploy/scaling/ecs.yaml"


def published() -> set[str]:
    """What the functions call their metrics."""
    text = (ROOT / "Sources/Handlers/Metrics/MetricName.swift").read_text()
    return set(re.findall(r'case \w+ = "(\w+)"', text))


def metrics_of(policy: dict) -> dict[str, dict]:
    found = policy["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"]
    metrics = [found] if "MetricName" in found else [m["MetricStat"]["Metric"] for m in found["Metrics"][:-1]]
    return {metric["MetricName"]: metric for metric in metrics}


def test_what_ecs_scales_on_is_published_by_the_sweep() -> None:
    policies = resources("AWS::ApplicationAutoScaling::ScalingPolicy", ECS)
    metrics = {name: metric for policy in policies.values() for name, metric in metrics_of(policy).items()}
    assert set(metrics) == {"BacklogPerWorker", "RunningJobs", "Workers"}
    assert set(metrics) <= published()
    for metric in metrics.values():
        assert metric["Namespace"] == {"Ref": "MetricsNamespace"}
        assert metric["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "SweepFunctionName"}}]
    (target,) = resources("AWS::ApplicationAutoScaling::ScalableTarget", ECS).values()
    assert target["MinCapacity"] == {"Ref": "MinimumWorkers"}


def test_what_keda_scales_on_is_published_by_the_sweep() -> None:
    documents = {d["kind"]: d for d in yaml.safe_load_all((ROOT / "deploy/scaling/keda.yaml").read_text())}
    spec = documents["ScaledObject"]["spec"]
    triggers = {trigger["metadata"]["metricName"]: trigger for trigger in spec["triggers"]}
    assert set(triggers) == {"BacklogPerWorker", "RunningJobs"} <= published()
    # A ratio is multiplied with the number of pods, a count is divided by it.
    assert {name: trigger["metricType"] for name, trigger in triggers.items()} == {
        "BacklogPerWorker": "Value", "RunningJobs": "AverageValue",
    }  # fmt: skip
    assert spec["minReplicaCount"] == 0
    for trigger in triggers.values():
        assert trigger["metadata"]["dimensionName"] == "FunctionName"
        assert all(isinstance(value, str) for value in trigger["metadata"].values())
        assert trigger["authenticationRef"]["name"] == documents["TriggerAuthentication"]["metadata"]["name"]
    workers = yaml.safe_load_all((ROOT / "deploy/worker/kubernetes.yaml").read_text())
    deployment = next(d for d in workers if d["kind"] == "Deployment")
    assert documents["ScaledObject"]["metadata"]["namespace"] == deployment["metadata"]["namespace"]
    assert spec["scaleTargetRef"]["name"] == deployment["metadata"]["name"]


PROGRESS_WRITES = 20
"""Of the job that the page reckons with."""


def page_rows(heading: str) -> dict[str, list[str]]:
    """The lines of the tables under a heading of docs/scaling.md: the first cell, and those behind it."""
    page = (ROOT / "docs/scaling.md").read_text()
    page = page[page.index(f"\n## {heading}\n") + 1 :]
    lines = [line.strip("| ") for line in page.split("\n## ")[0].splitlines() if line.startswith("|")]
    return {first: rest for first, *rest in (re.split(r"\s*\|\s*", line) for line in lines)}


def number(cell: str) -> float:
    return float(re.sub(r"[^0-9.]", "", cell))


def counts(cell: str) -> dict[str, int]:
    """Of a cell like "2 `PutItem`, 1 SQS send": the calls to DynamoDB."""
    return {name: int(count) for count, name in re.findall(r"(\d+) `(\w+)`", cell)}


def counted() -> list[dict[str, int]]:
    """What the test expects of a submit, and of what comes after it."""
    text = (ROOT / "Tests/HandlersTests/Dispatch/CallsOfAJobTests.swift").read_text()
    expected = re.findall(r"== \[([^]]*PutItem[^]]*)]", text)
    return [{name: int(count) for name, count in re.findall(r'"(\w+)": (\d+)', each)} for each in expected]


def test_the_page_has_the_calls_that_are_counted() -> None:
    job, scale = page_rows("What a job costs"), page_rows("At 10, 1,000 and 100,000 jobs a minute")
    submit, run, minute = (job[name] for name in ("submit", "claim, run, end, announce", "each minute of the run"))
    counted_submit, counted_run = counted()
    counted_run.pop("Publish")
    assert counts(submit[0]) == counted_submit
    assert counts(run[0]) == counted_run
    a_minute = sum(counts(minute[0]).values()) + PROGRESS_WRITES
    calls = sum(counted_submit.values()) + sum(counted_run.values()) + a_minute
    assert [number(cell) for cell in scale["DynamoDB calls a minute"]] == [calls * n for n in (10, 1000, 100_000)]
    least, _, _ = minute[1].partition(" ")
    assert number(job["write units"][0]) == number(submit[1]) + number(run[1]) + number(least) + PROGRESS_WRITES
    assert number(job["read units"][0]) == number(run[2]) + number(minute[2])


def test_the_page_reckons_right() -> None:
    job, scale = page_rows("What a job costs"), page_rows("At 10, 1,000 and 100,000 jobs a minute")
    names = list(job)
    priced = names[names.index("write units") : names.index("**together**")]
    for name in priced:
        count, price, cost, _ = job[name]
        assert abs(number(count) * number(price) - number(cost)) < 0.01, name
    together = sum(number(job[name][2]) for name in priced)
    assert abs(together - number(job["**together**"][2])) < 0.005
    for jobs, cell in zip((10, 1000, 100_000), scale["US$ a day"], strict=True):
        assert round(jobs * 1440 * together / 1e6) == number(cell)
