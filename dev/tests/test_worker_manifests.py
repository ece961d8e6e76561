"""deploy/worker's manifests: what their schemas cannot know. That they are well formed is test_sam.py's."""

import re

import pytest
import yaml
from template import ROOT, resources, template

ECS = "deploy/worker/ecs.yaml"
KUBERNETES = "deploy/worker/kubernetes.yaml"


def only(kind: str) -> dict:
    (found,) = resources(f"AWS::{kind}", ECS).values()
    return found


def manifests(kind: str) -> dict[str, dict]:
    documents = yaml.safe_load_all((ROOT / KUBERNETES).read_text())
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == kind}


def instruction(name: str) -> str:
    """The one of this name in the image's Dockerfile."""
    (found,) = re.findall(rf"^{name} (.+)$", (ROOT / "deploy/worker/Dockerfile").read_text(), re.M)
    return found


def user_of_the_image() -> str:
    return instruction("USER")


def test_the_image_is_pinned_checked_and_nobodys_root() -> None:
    assert re.fullmatch(r"python:\S+@sha256:[0-9a-f]{64}", instruction("FROM"))
    assert re.fullmatch(r"https://github\.com/\S+\.git#[0-9a-f]{40} \S+", instruction("ADD"))
    assert instruction("HEALTHCHECK").endswith('CMD ["python", "/opt/worker/health.py"]')
    assert "/system_stats" in (ROOT / "deploy/worker/health.py").read_text()
    assert all(part.isdecimal() and int(part) > 0 for part in user_of_the_image().split(":"))


def test_machines_are_spot_by_a_parameter() -> None:
    assert template(ECS)["Parameters"]["Spot"]["AllowedValues"] == ["true", "false"]
    assert template(ECS)["Conditions"]["IsSpot"] == {"Fn::Equals": [{"Ref": "Spot"}, "true"]}
    machines = only("AutoScaling::AutoScalingGroup")
    spread = machines["MixedInstancesPolicy"]["InstancesDistribution"]
    assert spread["OnDemandPercentageAboveBaseCapacity"] == {"Fn::If": ["IsSpot", 0, 100]}
    assert spread["OnDemandBaseCapacity"] == 0
    assert machines["CapacityRebalance"] == {"Fn::If": ["IsSpot", True, False]}


def test_the_services_container_is_checked_on_system_stats() -> None:
    (container,) = only("ECS::TaskDefinition")["ContainerDefinitions"]
    assert container["HealthCheck"]["Command"] == ["CMD", "python", "/opt/worker/health.py"]


def test_a_task_lets_dispatch_in_and_goes_out_to_s3_only() -> None:
    (group,) = only("ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"]
    rules = resources("AWS::EC2::SecurityGroup", ECS)[group["Ref"]]
    (ingress,), (egress,) = rules["SecurityGroupIngress"], rules["SecurityGroupEgress"]
    assert (ingress["FromPort"], ingress["ToPort"], ingress["IpProtocol"]) == (8188, 8188, "tcp")
    assert ingress["SourceSecurityGroupId"] == {"Ref": "DispatchSecurityGroupId"}
    assert "CidrIp" not in ingress
    assert (egress["FromPort"], egress["ToPort"]) == (443, 443)
    assert egress["DestinationPrefixListId"] == {"Ref": "S3PrefixListId"}
    assert "CidrIp" not in egress


def test_no_task_reaches_the_machines_metadata() -> None:
    data = only("EC2::LaunchTemplate")["LaunchTemplateData"]
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    script = data["UserData"]["Fn::Base64"]["Fn::Sub"]
    assert "ECS_AWSVPC_BLOCK_IMDS=true" in script
    assert "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true" in script


def test_a_container_is_as_narrow_as_can_be() -> None:
    task = only("ECS::TaskDefinition")
    (container,) = task["ContainerDefinitions"]
    assert container["User"] == user_of_the_image()
    assert container["ReadonlyRootFilesystem"] is True
    assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert container["ResourceRequirements"] == [{"Type": "GPU", "Value": "1"}]
    mounts = {mount["ContainerPath"] for mount in container["MountPoints"]}
    assert mounts == {"/data", "/data/models"}
    script = only("EC2::LaunchTemplate")["LaunchTemplateData"]["UserData"]["Fn::Base64"]["Fn::Sub"]
    host = {volume["Name"]: volume for volume in task["Volumes"]}["models"]["Host"]["SourcePath"]
    owner, _, group = user_of_the_image().partition(":")
    assert f"install -d -o {owner} -g {group} {host}" in script


def test_a_tasks_role_reads_models_and_nothing_else() -> None:
    role = resources("AWS::IAM::Role", ECS)[only("ECS::TaskDefinition")["TaskRoleArn"]["Fn::GetAtt"][0]]
    assert "ManagedPolicyArns" not in role
    allowed = [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]
    assert sorted(statement["Action"] for statement in allowed) == ["s3:GetObject", "s3:ListBucket"]
    assert all("*" not in str(s["Resource"]).replace("/*", "") for s in allowed)


def test_the_drain_ends_before_ecs_kills() -> None:
    (container,) = only("ECS::TaskDefinition")["ContainerDefinitions"]
    longest = template(ECS)["Parameters"]["DrainSeconds"]["MaxValue"]
    assert longest + 5 <= container["StopTimeout"] <= 120


def pods() -> dict[str, dict]:
    return {
        **{name: each["spec"]["template"]["spec"] for name, each in manifests("Deployment").items()},
        **{name: each["spec"]["template"]["spec"] for name, each in manifests("Job").items()},
    }


@pytest.mark.parametrize("name", ["comfyui", "comfyui-models"])
def test_a_pod_keeps_to_the_restricted_standard(name: str) -> None:
    pod = pods()[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" == user_of_the_image()
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert {mount["mountPath"] for mount in container["volumeMounts"]} >= {"/data/models", "/tmp"}


def test_a_worker_has_a_gpu_probes_and_time_to_drain() -> None:
    pod = pods()["comfyui"]
    (container,) = pod["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/system_stats", "port": "http"}
    (drain,) = [int(v["value"]) for v in container["env"] if v["name"] == "DRAIN_SECONDS"]
    assert pod["terminationGracePeriodSeconds"] >= drain + 10
    assert pod["automountServiceAccountToken"] is False


def test_pods_are_found_by_the_same_labels_everywhere() -> None:
    labels = manifests("Deployment")["comfyui"]["spec"]["template"]["metadata"]["labels"]
    service = manifests("Service")["comfyui"]["spec"]
    selectors = [
        service["selector"],
        manifests("Deployment")["comfyui"]["spec"]["selector"]["matchLabels"],
        manifests("PodDisruptionBudget")["comfyui"]["spec"]["selector"]["matchLabels"],
        manifests("NetworkPolicy")["dispatch-to-comfyui"]["spec"]["podSelector"]["matchLabels"],
    ]
    job = manifests("Job")["comfyui-models"]["spec"]["template"]["metadata"]["labels"]
    for selector in selectors:
        assert selector.items() <= labels.items()
        assert not selector.items() <= job.items()
    assert service["clusterIP"] == "None"
    assert service["publishNotReadyAddresses"] is False


def test_a_disruption_takes_one_worker_at_a_time() -> None:
    assert manifests("PodDisruptionBudget")["comfyui"]["spec"]["maxUnavailable"] == 1


def test_nobody_talks_unless_a_policy_says_so() -> None:
    policies = manifests("NetworkPolicy")
    assert policies["nothing"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    # Policies add up: none but the job's opens a way out, and its is barred from the metadata service.
    outward = {name: each["spec"]["egress"] for name, each in policies.items() if "egress" in each["spec"]}
    assert list(outward) == ["models-to-s3"]
    blocks = [to["ipBlock"] for rule in outward["models-to-s3"] for to in rule["to"] if "ipBlock" in to]
    assert blocks == [{"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}]
    (rule,) = policies["dispatch-to-comfyui"]["spec"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 8188}]


def test_every_file_that_the_image_installs_is_pinned_by_hash() -> None:
    lines = (ROOT / "deploy/worker/requirements.txt").read_text().replace("\\\n", " ").splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert len(pinned) > 80
    for line in pinned:
        assert re.fullmatch(r"[a-z0-9.-]+==\S+(\s+--hash=sha256:[0-9a-f]{64})+\s*", line), line[:60]
