"""template.yaml as data: CloudFormation's short forms become their long ones."""

from functools import cache
from typing import Any

import yaml
from process import DEV

ROOT = DEV.parent


class _Loader(yaml.SafeLoader):
    pass


def _construct(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {"Ref" if suffix == "Ref" else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _construct)


@cache
def template(path: str = "template.yaml") -> dict[str, Any]:
    return yaml.load((ROOT / path).read_text(), _Loader)


def resources(kind: str, path: str = "template.yaml") -> dict[str, dict[str, Any]]:
    """The properties of all resources of a type, by logical name."""
    return {name: r["Properties"] for name, r in template(path)["Resources"].items() if r["Type"] == kind}


def functions() -> dict[str, dict[str, Any]]:
    """Handler to properties, the variables of Globals included."""
    shared = template()["Globals"]["Function"]
    found = {}
    for name, own in resources("AWS::Serverless::Function").items():
        variables = {**shared["Environment"]["Variables"], **own.get("Environment", {}).get("Variables", {})}
        found[own["Handler"]] = {**shared, **own, "Environment": {"Variables": variables}, "LogicalName": name}
    return found


def statements(role: str) -> list[dict[str, Any]]:
    """What a function's role allows and denies; those under a condition (`Fn::If`) too."""
    policies = template()["Resources"][role]["Properties"]["Policies"]
    found = []
    for statement in (s for p in policies for s in p["PolicyDocument"]["Statement"]):
        found.append(statement["Fn::If"][1] if "Fn::If" in statement else statement)
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def named(value: Any) -> str:
    """The resource that a policy means: `Table`, `Table/index/queue`, `Bucket/outputs/*`."""
    if "Ref" in value:
        return value["Ref"]
    if "Fn::GetAtt" in value:
        return value["Fn::GetAtt"][0]
    return value["Fn::Sub"].replace("${", "").replace(".Arn}", "")
