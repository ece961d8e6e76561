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
