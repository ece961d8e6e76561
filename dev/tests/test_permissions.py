"""Each function under the actions that its role allows, and no others, on a moto that asks for them.

moto knows actions but hardly any resources: those are test_template.py's. It calls HeadBucket what IAM calls
ListBucket, and HeadObject what IAM calls GetObject.
The real programs run (`make build package` first).
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from io import BytesIO
from random import Random
from typing import Any

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer
from PIL import Image
from process import Standin
from served import BOOTSTRAP, PROGRAM
from template import ROOT, listed, resources, statements

HANDLERS = ["api", "dispatch", "notify", "stream", "sweep"]
REGION = "us-east-1"


def actions(handler: str) -> list[str]:
    """What its role allows; the conditional statements aside."""
    allowed = [
        action
        for statement in statements(f"{handler.capitalize()}Role")
        if statement["Effect"] == "Allow" and statement["Sid"] not in ("UseKey", "ReadReferences", "ReadSecrets")
        for action in listed(statement["Action"])
    ]
    names = {"s3:ListBucket": "s3:HeadBucket", "s3:GetObject": "s3:HeadObject"}
    return [*allowed, *(name for action, name in names.items() if action in allowed)]


class Account:
    """A table, a bucket, a topic and queues as the template has them, and a key for each function."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        admin = {"aws_access_key_id": "admin", "aws_secret_access_key": "admin"}
        client = {
            name: boto3.client(name, endpoint_url=endpoint, region_name=REGION, **admin)
            for name in ("dynamodb", "s3", "sns", "sqs", "iam")
        }
        (table,) = resources("AWS::DynamoDB::Table").values()
        names = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
        client["dynamodb"].create_table(TableName="jobs", **{name: table[name] for name in names})
        client["s3"].create_bucket(Bucket="pictures")
        queues = {name: client["sqs"].create_queue(QueueName=name)["QueueUrl"] for name in ("work", "resume", "seen")}
        topic = client["sns"].create_topic(Name="completions")["TopicArn"]
        arn = client["sqs"].get_queue_attributes(QueueUrl=queues["seen"], AttributeNames=["QueueArn"])
        client["sns"].subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
        self.keys = {handler: self.make_key(client["iam"], handler, actions(handler)) for handler in HANDLERS}
        self.keys["admin"] = self.make_key(client["iam"], "everything", ["*"])
        self.variables = {
            "TABLE_NAME": "jobs", "BUCKET_NAME": "pictures", "TOPIC_ARN": topic, "WORK_QUEUE_URL": queues["work"],
            "RESUME_QUEUE_URL": queues["resume"], "AWS_REGION": REGION, "AWS_ENDPOINT_URL": endpoint,
            "AUTH_MODE": "none", "WEBHOOK_ALLOWED_HOSTS": "http://127.0.0.1:9",
            "TRUSTED_HOSTS": "http://127.0.0.1:9",
        }  # fmt: skip
        self.seen = queues["seen"]

    @staticmethod
    def make_key(iam: Any, user: str, allowed: list[str]) -> tuple[str, str]:
        iam.create_user(UserName=user)
        statement = {"Effect": "Allow", "Action": allowed, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=user, PolicyName="role", PolicyDocument=document)
        key = iam.create_access_key(UserName=user)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def client(self, name: str) -> Any:
        key, secret = self.keys["admin"]
        return boto3.client(
            name, endpoint_url=self.endpoint, region_name=REGION, aws_access_key_id=key, aws_secret_access_key=secret
        )

    def invoke(self, handler: str, event: dict[str, Any], role: str | None = None) -> dict[str, Any]:
        """One event through the real program; the answer, and what was logged."""
        key, secret = self.keys[role or handler]
        variables = {**self.variables, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}
        words = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
        result = subprocess.run(
            [str(PROGRAM), "invoke", "--handler", handler, "--event", "-", "--json", "--verbose", "--timeout", "60",
             "--bootstrap", str(BOOTSTRAP), *words],
            input=json.dumps(event), capture_output=True, text=True, timeout=90, cwd=ROOT, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        return {**json.loads(result.stdout), "log": result.stderr}


def auth(endpoint: str, after: str) -> None:
    """From how many calls on moto asks for permissions."""
    requests.post(f"{endpoint}/moto-api/reset-auth", data=after, headers={"Content-Type": "text/plain"}, timeout=10)


@pytest.fixture
def account(standin: Callable[..., Standin]) -> Iterator[Account]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    made = Account(endpoint)
    made.variables["COMFYUI_URLS"] = standin().address
    auth(endpoint, "0")
    yield made
    auth(endpoint, "inf")
    requests.post(f"{endpoint}/moto-api/reset", timeout=10)
    server.stop()


def request(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    event = json.loads((ROOT / "dev/events/generate.json").read_text())
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    event["isBase64Encoded"] = False
    event["headers"] = {**event["headers"], "idempotency-key": f"{path}-{len(json.dumps(body))}"}
    event.pop("body", None)
    return event if body is None else {**event, "body": json.dumps(body)}


def messages(queue: str, *bodies: str) -> dict[str, Any]:
    event = json.loads((ROOT / "dev/events/session/06-dispatch-doorbell.json").read_text())
    (record,) = event["Records"][:1]
    records = [{**record, "messageId": f"{queue}-{number}", "body": body} for number, body in enumerate(bodies)]
    return {"Records": records}


def complaints(answer: dict[str, Any]) -> list[str]:
    """What was logged as more than information: most of what is denied is left to the sweep, and only said."""
    lines = (json.loads(line.partition("] ")[2]) for line in answer["log"].splitlines() if line.startswith("["))
    return [
        f"{line['message']}: {line.get('error')}"
        for line in lines
        if line["level"] in ("WARN", "ERROR") and not line["message"].startswith("AUTH_MODE is none")
    ]


DOORBELL = '{"type":"work","job_id":null}'


def test_the_roles_allow_a_jobs_whole_way(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    sweep = json.loads((ROOT / "dev/events/session/05-sweep-schedule.json").read_text())
    said = [account.invoke("sweep", sweep)]

    def api(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = account.invoke("api", request(method, path, body))
        said.append(answer)
        assert answer["response"]["statusCode"] < 300, answer["response"]
        return json.loads(answer["response"]["body"] or "{}")

    assert api("GET", "/health/ready")["workers"] == 1
    hook = "http://127.0.0.1:9/hook"
    drawing = {"prompt": "a lighthouse", "steps": 30, "webhook_url": hook, "previews": True}
    assert api("POST", "/v1/webhook-secret", {})["secret"].startswith("whsec_")
    job = api("POST", "/v1/generate", drawing)["job_id"]
    assert api("GET", "/v1/jobs")["jobs"][0]["job_id"] == job
    cancelled = api("POST", "/v1/generate", {"prompt": "a barn"})["job_id"]
    api("POST", f"/v1/jobs/{cancelled}/cancel")
    batch = api("POST", "/v1/generate/batch", {"items": [{"prompt": "a mill"}, {"prompt": ""}]})["batch_id"]
    assert api("POST", f"/v1/batches/{batch}/cancel")["counts"]["cancelled"] == 1
    assert api("GET", f"/v1/batches/{batch}")["counts"]["refused"] == 1
    stored = {
        "name": "square", "parameters": {"side": {"type": "integer", "default": 64}},
        "workflow": {
            "1": {
                "class_type": "EmptyImage",
                "inputs": {"width": "{{side}}", "height": 64, "batch_size": 1, "color": 0},
            },
            "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "square"}},
        },
    }  # fmt: skip
    square = api("POST", "/v1/workflows", stored)["id"]
    assert api("PUT", f"/v1/workflows/{square}", {**stored, "visibility": "public"})["version"] == 2
    assert [found["id"] for found in api("GET", "/v1/workflows")["workflows"]] == [square]
    drawn = api("POST", f"/v1/workflows/{square}/execute", {"parameters": {"side": 128}})["job_id"]
    api("POST", f"/v1/jobs/{drawn}/cancel")
    assert api("GET", "/v1/models/checkpoints")["models"]
    assert api("GET", "/v1/queue")["workers"] == 1
    (worker,) = api("GET", "/v1/workers")["workers"]
    for change in ("drain", "undrain"):
        api("POST", f"/v1/admin/workers/{worker['worker']}/{change}")

    # A workflow that does not fit into the table goes to the bucket, and comes back from it.
    noise = Random(1)
    large = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 255}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "test"}},
        "3": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd_xl_base_1.0.safetensors"}},
    }  # fmt: skip
    for number in range(10, 20):
        text = noise.randbytes(2400).hex()
        large[str(number)] = {"class_type": "CLIPTextEncode", "inputs": {"clip": ["3", 1], "text": text}}
    api("POST", "/v1/workflows/execute", {"workflow": large})

    # Two files: one is loaded, one is deleted.
    buffer = BytesIO()
    Image.new("RGB", (24, 16)).save(buffer, "PNG")
    announced = {"filename": "a.png", "content_type": "image/png", "bytes": len(buffer.getvalue())}
    file, spare = (api("POST", "/v1/files", announced)["file_id"] for _ in range(2))
    account.client("s3").put_object(Bucket="pictures", Key=f"inputs/local/{file}", Body=buffer.getvalue())
    assert api("GET", f"/v1/files/{file}")["status"] == "ready"
    api("DELETE", f"/v1/files/{spare}")
    loading = {
        "1": {"class_type": "LoadImage", "inputs": {"image": f"file:{file}"}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "test"}},
    }  # fmt: skip
    loaded = api("POST", "/v1/workflows/execute", {"workflow": loading})["job_id"]

    said.append(account.invoke("dispatch", messages("work", DOORBELL)))
    assert said[-1]["response"] == {"batchItemFailures": []}
    # One that is refused is not complained of. Below it is seen that the last one is gone.
    previews = re.findall(r"PUT /pictures/previews/local/(\S+)/newest HTTP/1.1\" (\d+)", caplog.text)
    assert previews
    assert set(previews) == {(job, "200")}
    assert api("GET", f"/v1/jobs/{loaded}")["status"] == "completed"
    page = api("GET", f"/v1/jobs/{job}")
    assert page["status"] == "completed"
    stored = account.client("s3").list_objects_v2(Bucket="pictures")["Contents"]
    assert sorted(entry["Key"].split("/")[0] for entry in stored) == [
        "inputs", "outputs", "outputs", "outputs", "workflows",
    ]  # fmt: skip
    assert page["outputs"][0]["url"].startswith("http")

    received = account.client("sqs").receive_message(QueueUrl=account.seen, MaxNumberOfMessages=10)["Messages"]
    said.append(account.invoke("notify", messages("notify", *(message["Body"] for message in received))))
    assert said[-1]["response"] == {"batchItemFailures": []}
    delivery = account.client("dynamodb").scan(
        TableName="jobs", FilterExpression="begins_with(sk, :d)",
        ExpressionAttributeValues={":d": {"S": "DELIVERY#"}},
    )["Items"]  # fmt: skip
    assert [(item["state"]["S"], item["attempts"]["N"]) for item in delivery] == [("pending", "1")]
    assert api("GET", f"/v1/jobs/{job}/deliveries")["deliveries"][0]["result"] == "connect"
    api("POST", f"/v1/jobs/{job}/deliveries/job.completed/resend")
    # A deleted job's objects go with the api's permissions.
    assert account.invoke("api", request("DELETE", f"/v1/jobs/{job}"))["response"]["statusCode"] == 204
    stored = account.client("s3").list_objects_v2(Bucket="pictures")["Contents"]
    assert not [entry for entry in stored if job in entry["Key"]]
    account.variables["COMFYUI_URLS"] = ""
    # The worker is forgotten: the one deletion there is.
    said.append(account.invoke("sweep", sweep))
    assert [line for answer in said for line in complaints(answer)] == []


def test_the_stream_looks_at_a_pending_file_and_writes_nothing(account: Account) -> None:
    content = BytesIO()
    Image.new("RGB", (24, 16)).save(content, "PNG")
    announced = {"filename": "a.png", "content_type": "image/png", "bytes": len(content.getvalue())}
    made = account.invoke("api", request("POST", "/v1/files", announced))
    file = json.loads(made["response"]["body"])["file_id"]
    account.client("s3").put_object(Bucket="pictures", Key=f"inputs/local/{file}", Body=content.getvalue())
    answer = account.invoke("stream", request("GET", f"/v1/files/{file}"))
    assert '"status":"ready"' in str(answer["response"])
    assert complaints(answer) == []


def test_another_functions_role_does_not_do(account: Account) -> None:
    """That the moto above would have said so."""
    answer = account.invoke("notify", messages("notify", "{}"), role="notify")
    assert answer["response"] == {"batchItemFailures": []}
    ready = account.invoke("api", request("GET", "/health/ready"), role="notify")
    assert ready["response"]["statusCode"] == 503
    assert "not ready" in " ".join(complaints(ready))
