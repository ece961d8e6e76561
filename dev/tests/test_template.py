"""template.yaml: what cfn-lint cannot know. That it is well formed is test_sam.py's."""

import json
import re
from typing import Any

import pytest
from template import ROOT, functions, listed, named, resources, statements, template

HANDLERS = ["api", "dispatch", "notify", "stream", "sweep"]

# What every role has, or has under a condition; tests of their own look at these.
ASIDE = ("Log", "UseKey", "ReadReferences", "ReadSecrets")

# What each handler calls (Sources/Handlers), as IAM names it. HeadBucket is s3:ListBucket, and so is the difference
# between 404 and 403 for an object that is gone; a part of a multipart upload is s3:PutObject; what signs a presigned
# address needs what the address allows. Lambda's pollers take messages under the function's role.
JOBS = {("dynamodb:GetItem", "Table"), ("dynamodb:PutItem", "Table"), ("dynamodb:UpdateItem", "Table"),
        ("dynamodb:Query", "Table")}  # fmt: skip
ANNOUNCE = {("sns:Publish", "CompletionTopic")}
RING = {("sqs:SendMessage", "WorkQueue"), ("sqs:SendMessage", "ResumeQueue")}


def take(*queues: str) -> set[tuple[str, str]]:
    actions = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
    return {(action, queue) for action in actions for queue in queues}


def query(*indexes: str) -> set[tuple[str, str]]:
    return {("dynamodb:Query", f"Table/index/{index}") for index in indexes}


def erase(*folders: str) -> set[tuple[str, str]]:
    """What is left of a deleted job, or of a deleted account."""
    objects = {
        (action, f"Bucket/{folder}/*")
        for action in ("s3:DeleteObject", "s3:AbortMultipartUpload")
        for folder in folders
    }
    return objects | {("s3:ListBucketMultipartUploads", "Bucket"), ("dynamodb:BatchWriteItem", "Table")}


CALLS = {
    "api": JOBS | ANNOUNCE | query("queue", "by_user", "by_user_status")
    | {("dynamodb:BatchGetItem", "Table"), ("dynamodb:DeleteItem", "Table"),
       ("s3:GetObject", "Bucket/outputs/*"), ("s3:PutObject", "Bucket/workflows/*"), ("s3:ListBucket", "Bucket"),
       ("s3:GetObject", "Bucket/inputs/*"), ("s3:PutObject", "Bucket/inputs/*"), ("s3:DeleteObject", "Bucket/inputs/*"),
       ("s3:DeleteObject", "Bucket/previews/*"), ("sqs:SendMessage", "WorkQueue")}
    | erase("outputs", "workflows"),
    "stream": query("queue", "by_user", "by_user_status")
    | {("dynamodb:BatchGetItem", "Table"), ("dynamodb:GetItem", "Table"), ("dynamodb:Query", "Table"),
       ("s3:GetObject", "Bucket/outputs/*"), ("s3:GetObject", "Bucket/inputs/*"), ("s3:ListBucket", "Bucket"),
       ("s3:GetObject", "Bucket/previews/*")},
    "dispatch": JOBS | ANNOUNCE | RING | query("queue", "by_user_status") | take("WorkQueue", "ResumeQueue")
    | {("dynamodb:BatchGetItem", "Table"),
       ("s3:PutObject", "Bucket/outputs/*"), ("s3:AbortMultipartUpload", "Bucket/outputs/*"),
       ("s3:ListBucketMultipartUploads", "Bucket"), ("s3:GetObject", "Bucket/workflows/*"),
       ("s3:GetObject", "Bucket/inputs/*"),
       ("s3:PutObject", "Bucket/previews/*"), ("s3:DeleteObject", "Bucket/previews/*"),
       ("s3:ListBucket", "Bucket")},
    "notify": JOBS | take("NotifyQueue"),
    "sweep": JOBS | ANNOUNCE | RING | query("queue", "open_work", "by_user") | {("dynamodb:DeleteItem", "Table")}
    | erase("outputs", "inputs", "workflows", "previews") | {("s3:ListBucket", "Bucket")},
}  # fmt: skip

# Which handlers come to a file that calls AWS, and with which of the clients' operations. Whoever adds a call or a file
# decides here whose role needs it.
SOURCES = {
    # What the stream needs of these it has from RecentItems.
    "Access/APIKeyStore": ("api", "dynamoDB.delete dynamoDB.get dynamoDB.put dynamoDB.query dynamoDB.update"),
    "Access/AccountEraser": ("sweep", "dynamoDB.deleteAll dynamoDB.pages"),
    "Access/AccountStore": ("api sweep", "dynamoDB.delete dynamoDB.get dynamoDB.put dynamoDB.query"),
    "Access/AuditLog": ("api", "dynamoDB.batchGet dynamoDB.put dynamoDB.query"),
    "Access/Counters": ("api dispatch sweep", "dynamoDB.get dynamoDB.update"),
    "Access/Invites": ("api", "dynamoDB.delete dynamoDB.get dynamoDB.put"),
    # The counters' own operations apart: give back and days.
    "Access/QuotaStore": ("api dispatch sweep", "dynamoDB.query dynamoDB.update"),
    "Access/RecentItems": ("api stream sweep", "dynamoDB.get"),
    "Access/Sessions": ("api", "dynamoDB.get dynamoDB.put dynamoDB.update"),
    "API/HealthRoutes": ("api stream", "s3.headBucket"),
    # Where the page may show pictures from.
    "API/ContractRoutes": ("api stream", "s3.presignGet"),
    "API/OutputAddress": ("api stream", "s3.presignGet"),
    "API/QueuePosition": ("api stream", "dynamoDB.query"),
    # What the stream needs of these is batchGet and get.
    "Batches/BatchRecord": ("api", "dynamoDB.batchGet dynamoDB.get dynamoDB.put"),
    "Dispatch/BandPages": ("dispatch sweep", "dynamoDB.query"),
    "Dispatch/JobQueue": ("dispatch sweep", "dynamoDB.query"),
    "Dispatch/OutputStore": ("dispatch", "s3.abort s3.multipartUploads s3.upload"),
    # The sweep has all of these but batchGet.
    "Dispatch/SlotPool": ("dispatch", "dynamoDB.batchGet dynamoDB.get dynamoDB.query dynamoDB.update"),
    # forget() is the sweep's alone.
    "Dispatch/WorkerRegistry": ("sweep", "dynamoDB.delete dynamoDB.get dynamoDB.pages dynamoDB.update"),
    "Dispatch/WorkerRegistry+Knowledge": ("sweep", "dynamoDB.delete dynamoDB.get dynamoDB.put dynamoDB.update"),
    # Of these dispatch has known() and body().
    "Files/FileStore": (
        "api",
        "dynamoDB.delete dynamoDB.get dynamoDB.put dynamoDB.query s3.delete s3.get s3.head"
        " s3.presignGet s3.presignPut s3.put s3.stream",
    ),
    "Jobs/Announcer": ("api dispatch sweep", "sns.publish"),
    "Jobs/Doorbell": ("api dispatch sweep", "sqs.send"),
    "Jobs/IdempotencyStore": ("api", "dynamoDB.get dynamoDB.put"),
    # store(workflow:) is the api's, workflow() is dispatch's, page() everybody's.
    "Jobs/JobDocuments": ("", "dynamoDB.get dynamoDB.pages dynamoDB.put s3.get s3.put"),
    "Jobs/JobDocuments+Erasing": (
        "api sweep",
        "dynamoDB.deleteAll dynamoDB.pages dynamoDB.update s3.abort s3.delete s3.list s3.multipartUploads",
    ),
    "Jobs/JobList": ("api dispatch stream sweep", "dynamoDB.query"),
    # What adds goes through the counters.
    "Jobs/RunTimes": ("api stream", "dynamoDB.query"),
    "Jobs/JobStore": ("api dispatch sweep", "dynamoDB.get dynamoDB.put dynamoDB.update"),
    # What puts is dispatch's, what removes that of all three, the address the stream's.
    "Jobs/PreviewStore": ("", "s3.delete s3.presignGet s3.put"),
    "Notify/DeliveryStore": ("api notify sweep", "dynamoDB.get dynamoDB.put dynamoDB.query dynamoDB.update"),
    "Notify/WebhookSecretStore": ("api notify sweep", "dynamoDB.get dynamoDB.put"),
    # What reads is the API's alone.
    "Metrics/MetricStore": ("api", "dynamoDB.put dynamoDB.query dynamoDB.update"),
    "API/Workers/WorkerRoutes": ("api stream", "dynamoDB.query"),
    "Sweep/Backlog": ("sweep", "dynamoDB.query"),
    "Sweep/Backlog+Record": ("sweep", "dynamoDB.get dynamoDB.put"),
    "Sweep/Sweeper": ("sweep", "dynamoDB.query"),
    "Templates/TemplateStore": (
        "api sweep",
        "dynamoDB.delete dynamoDB.get dynamoDB.pages dynamoDB.put dynamoDB.query",
    ),
}
ACTIONS = {
    "dynamoDB.batchGet": "dynamodb:BatchGetItem", "dynamoDB.pages": "dynamodb:Query",
    "dynamoDB.deleteAll": "dynamodb:BatchWriteItem", "s3.delete": "s3:DeleteObject", "s3.list": "s3:ListBucket",
    "dynamoDB.get": "dynamodb:GetItem", "dynamoDB.put": "dynamodb:PutItem", "dynamoDB.update": "dynamodb:UpdateItem",
    "dynamoDB.delete": "dynamodb:DeleteItem", "dynamoDB.query": "dynamodb:Query", "s3.headBucket": "s3:ListBucket",
    "s3.presignGet": "s3:GetObject", "s3.get": "s3:GetObject", "s3.put": "s3:PutObject", "s3.upload": "s3:PutObject",
    "s3.head": "s3:GetObject", "s3.presignPut": "s3:PutObject",
    "s3.stream": "s3:GetObject", "s3.abort": "s3:AbortMultipartUpload",
    "s3.multipartUploads": "s3:ListBucketMultipartUploads", "sns.publish": "sns:Publish", "sqs.send": "sqs:SendMessage",
}  # fmt: skip


def test_there_is_a_function_for_every_handler() -> None:
    assert sorted(functions()) == HANDLERS
    for function in functions().values():
        assert function["Runtime"] == "provided.al2023"
        assert function["Architectures"] == [{"Ref": "Architecture"}]
        assert template()["Resources"][function["LogicalName"]]["Metadata"] == {"BuildMethod": "makefile"}


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_role_allows_what_the_handler_calls_and_no_more(handler: str) -> None:
    allowed = set()
    for statement in statements(f"{handler.capitalize()}Role"):
        if statement["Effect"] == "Allow" and statement["Sid"] not in ASIDE:
            for resource in listed(statement["Resource"]):
                allowed |= {(action, named(resource)) for action in listed(statement["Action"])}
    assert allowed == CALLS[handler]


def test_the_sources_call_what_the_table_above_says() -> None:
    calls = re.compile(r"\b((?:dynamoDB|s3|sns|sqs)\.\w+)\(")
    folder = ROOT / "Sources/Handlers"
    found = {
        str(path.relative_to(folder).with_suffix("")): " ".join(
            sorted(set(calls.findall(path.read_text().replace(".insistent", ""))))
        )
        for path in folder.rglob("*.swift")
    }
    assert {name: text for name, text in found.items() if text} == {n: text for n, (_, text) in SOURCES.items()}
    for users, operations in SOURCES.values():
        for handler in users.split():
            allowed = {action for action, _ in CALLS[handler]}
            assert {ACTIONS[operation] for operation in operations.split()} <= allowed, handler


@pytest.mark.parametrize("handler", HANDLERS)
def test_no_permission_is_for_everything(handler: str) -> None:
    for statement in statements(f"{handler.capitalize()}Role"):
        if statement["Effect"] == "Deny":
            continue
        assert "*" not in listed(statement["Resource"])
        wild = [action for action in listed(statement["Action"]) if "*" in action]
        assert set(wild) <= {"kms:GenerateDataKey*", "kms:ReEncrypt*"}


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_function_logs_into_its_own_group_and_uses_the_key_through_services_only(handler: str) -> None:
    name = handler.capitalize()
    by_sid = {statement["Sid"]: statement for statement in statements(f"{name}Role")}
    assert named(by_sid["Log"]["Resource"]) == f"{name}Logs"
    assert functions()[handler]["LoggingConfig"]["LogGroup"] == {"Ref": f"{name}Logs"}
    assert resources("AWS::Logs::LogGroup")[f"{name}Logs"]["RetentionInDays"] == 90
    assert named(by_sid["UseKey"]["Resource"]) == "Key"
    services = by_sid["UseKey"]["Condition"]["StringEquals"]["kms:ViaService"]
    assert [s["Fn::Sub"].split(".")[0] for s in services] == ["dynamodb", "s3", "sns", "sqs"]


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_functions_variables_are_ones_that_it_reads(handler: str) -> None:
    page = (ROOT / "docs/configuration.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z_]+)", page, re.M))
    variables = set(functions()[handler]["Environment"]["Variables"])
    assert variables <= documented
    assert {"TABLE_NAME", "BUCKET_NAME", "TOPIC_ARN", "WORK_QUEUE_URL", "RESUME_QUEUE_URL"} <= variables
    # The others of AWS's names Lambda sets itself, and refuses some of them from elsewhere.
    assert {name for name in variables if name.startswith("AWS_")} == {"AWS_EMF_NAMESPACE"}
    for name in ("COMFYUI_URLS", "COMFYUI_DNS", "COMFYUI_AUTHORIZATION"):
        assert (name in variables) == (handler in ("dispatch", "sweep"))


def variable(parameter: str) -> str:
    """The functions' variable that a parameter is for."""
    variables = {k: v for f in functions().values() for k, v in f["Environment"]["Variables"].items()}
    (name,) = (name for name, value in variables.items() if value == {"Ref": parameter})
    return name


CODE = "".join(
    (ROOT / f"Sources/Handlers/{name}.swift").read_text() for name in ("Configuration", "Access/AccessConfiguration")
)


@pytest.mark.parametrize(
    "parameter",
    ["ComfyUISlots", "DispatchConcurrency", "FreeGPUSecondsPerDay", "FreeImagesPerDay", "JobAttempts", "MaxBodyBytes",
     "MaxConcurrentExecutions", "MaxImagePixels", "MaxQueueSeconds", "MaxWorkflowNodes", "ProGPUSecondsPerDay",
     "ProImagesPerDay", "ResultDays", "URLExpiresSeconds", "WorkerPatienceSeconds"],
)  # fmt: skip
def test_a_parameter_has_the_bounds_and_default_of_its_variable(parameter: str) -> None:
    number = r"\(?([0-9_ <]+?)\)?"
    found = re.search(rf'"{variable(parameter)}", {number}, in: {number}\.\.\.{number}\)', CODE)
    assert found
    declared = template()["Parameters"][parameter]
    # 1_000, or 4 << 20.
    shifts = [text.partition("<<")[::2] for text in found.groups()]
    expected = [int(base) << int(bits or 0) for base, bits in shifts]
    assert expected == [declared[k] for k in ("Default", "MinValue", "MaxValue")]


@pytest.mark.parametrize("parameter", ["AuthMode", "RateLimitFail", "Registration", "StripMetadata"])
def test_a_parameter_has_the_default_of_its_variable(parameter: str) -> None:
    declared = template()["Parameters"][parameter]
    found = re.search(rf'"{variable(parameter)}", \.?(\w+)\)', CODE)
    assert found
    assert found[1] == declared["Default"]
    assert declared["Default"] in declared["AllowedValues"]


# What only operators of the software itself turn, with the tests that measure it; and what the stack decides.
NO_PARAMETER = {
    "COMFYUI_DNS_SERVERS", "HANDOFF_MARGIN_SECONDS", "HEARTBEAT_SECONDS", "LEASE_SECONDS", "SWEEP_ATTENTION_SECONDS",
    "_HANDLER",
}  # fmt: skip


def test_every_variable_of_the_functions_is_set_or_said_not_to_be() -> None:
    page = (ROOT / "docs/configuration.md").read_text()
    table = page.partition("## The functions\n")[2].partition("\n### ")[0]
    documented = set(re.findall(r"^\| `([A-Z_]+)", table, re.M))
    set_here = {name for f in functions().values() for name in f["Environment"]["Variables"]}
    assert documented - set_here == NO_PARAMETER


def test_every_queue_has_dead_letters_a_mapping_and_time_enough() -> None:
    queues = resources("AWS::SQS::Queue")
    mapped = {}
    for function in functions().values():
        for event in function.get("Events", {}).values():
            assert event["Type"] == "SQS"
            mapping = event["Properties"]
            mapped[named(mapping["Queue"])] = function["Timeout"]
            assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
            assert "MaximumConcurrency" in mapping["ScalingConfig"]
    assert sorted(mapped) == ["NotifyQueue", "ResumeQueue", "WorkQueue"]
    for name, timeout in mapped.items():
        redrive = queues[name]["RedrivePolicy"]
        letters = named(redrive["deadLetterTargetArn"])
        assert letters == name.replace("Queue", "DeadLetters")
        assert queues[letters]["MessageRetentionPeriod"] == 1209600
        assert redrive["maxReceiveCount"] >= 5
        assert queues[name]["VisibilityTimeout"] >= 6 * timeout
    assert len(queues) == 2 * len(mapped)


def test_all_that_keeps_data_is_encrypted_and_takes_the_stacks_own_key() -> None:
    key = {"Fn::If": ["HasKey", {"Ref": "Key"}, {"Ref": "AWS::NoValue"}]}
    key_arn = {"Fn::If": ["HasKey", {"Fn::GetAtt": ["Key", "Arn"]}, {"Ref": "AWS::NoValue"}]}
    for queue in resources("AWS::SQS::Queue").values():
        assert queue["KmsMasterKeyId"] == key
        assert queue["SqsManagedSseEnabled"] == {"Fn::If": ["HasKey", {"Ref": "AWS::NoValue"}, True]}
    (topic,) = resources("AWS::SNS::Topic").values()
    assert topic["KmsMasterKeyId"] == {"Fn::If": ["HasKey", {"Ref": "Key"}, "alias/aws/sns"]}
    (table,) = resources("AWS::DynamoDB::Table").values()
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key_arn}
    for group in resources("AWS::Logs::LogGroup").values():
        assert group["KmsKeyId"] == key_arn
    (bucket,) = resources("AWS::S3::Bucket").values()
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    algorithms = [choice["ServerSideEncryptionByDefault"]["SSEAlgorithm"] for choice in rule["Fn::If"][1:]]
    assert algorithms == ["aws:kms", "AES256"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}


def test_bucket_topic_and_queues_refuse_calls_without_tls() -> None:
    refusing = set()
    for kind, target in (
        ("AWS::S3::BucketPolicy", "Bucket"), ("AWS::SNS::TopicPolicy", "Topics"), ("AWS::SQS::QueuePolicy", "Queues"),
    ):  # fmt: skip
        for policy in resources(kind).values():
            (denial,) = (s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny")
            assert denial["Principal"] == "*"
            assert denial["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            refusing |= {resource["Ref"] for resource in listed(policy[target])}
    assert refusing == {"Bucket", "CompletionTopic", *resources("AWS::SQS::Queue")}


def test_a_queue_has_one_policy() -> None:
    named_queues = [q["Ref"] for policy in resources("AWS::SQS::QueuePolicy").values() for q in policy["Queues"]]
    assert len(named_queues) == len(set(named_queues))


def test_no_service_is_let_in_without_saying_whose() -> None:
    """Every permission for a service principal is bound to its source: no confused deputy."""
    account = {"Ref": "AWS::AccountId"}
    for name, permission in resources("AWS::Lambda::Permission").items():
        if permission["Principal"] == "*":
            # Not a service: whoever comes is asked by the function itself.
            assert template()["Resources"][name]["Condition"] == "FunctionAsks"
            assert permission.get("FunctionUrlAuthType") == "NONE" or permission["InvokedViaFunctionUrl"] is True
            continue
        assert permission["SourceAccount"] == account
        assert "HttpApi" in permission["SourceArn"]["Fn::Sub"]
    documents = [p["PolicyDocument"] for p in resources("AWS::SQS::QueuePolicy").values()]
    documents += [p["PolicyDocument"] for p in resources("AWS::SNS::TopicPolicy").values()]
    documents += [k["KeyPolicy"] for k in resources("AWS::KMS::Key").values()]
    documents.append(resources("AWS::IAM::Role")["SweepScheduleRole"]["AssumeRolePolicyDocument"])
    services = [
        s for d in documents for s in d["Statement"] if s["Effect"] == "Allow" and "Service" in s["Principal"]
    ]  # fmt: skip
    assert len(services) == 4
    for statement in services:
        text = str(statement["Condition"])
        assert "aws:SourceArn" in text or "kms:EncryptionContext:aws:logs:arn" in text
        assert "AWS::AccountId" in text


def test_the_api_is_never_open() -> None:
    routes = {route["RouteKey"]: route for route in resources("AWS::ApiGatewayV2::Route").values()}
    route = routes.pop("$default")
    # These tell nothing of anybody (`ContractTests` and `APIHandlerTests` hold the function to the same).
    assert set(routes) == {"GET /health", "GET /health/{probe}", "GET /openapi.json", "GET /docs"}
    assert route["RouteKey"] == "$default"
    gateway = {"Fn::If": ["HasJWT", "JWT", "AWS_IAM"]}
    assert route["AuthorizationType"] == {"Fn::If": ["FunctionAsks", "NONE", gateway]}
    url = functions()["stream"]["FunctionUrlConfig"]
    assert url["AuthType"] == {"Fn::If": ["FunctionAsks", "NONE", "AWS_IAM"]}
    assert url["InvokeMode"] == "RESPONSE_STREAM"
    # Where the gateway asks nobody, the function does; what its authorizer says counts only where there is one.
    assert template()["Parameters"]["Authentication"]["Default"] == "gateway"
    for handler in ("api", "stream"):
        variables = functions()[handler]["Environment"]["Variables"]
        assert variables["GATEWAY_AUTHORIZER"] == {"Fn::If": ["FunctionAsks", "false", "true"]}
        assert variables["TOKEN_SECRET"]["Fn::If"][:2] == ["FunctionAsks", {"Fn::Sub": "secret:${TokenSecret}"}]
        assert variables["KEY_PEPPER"]["Fn::If"][:2] == ["FunctionAsks", {"Fn::Sub": "secret:${KeyPepper}"}]
    assert [h for h, f in functions().items() if "FunctionUrlConfig" in f] == ["stream"]
    # Whoever comes through is asked; the stack has no way to say otherwise.
    assert template()["Parameters"]["AuthMode"]["AllowedValues"] == ["both", "api_key", "jwt"]
    modes = {h: f["Environment"]["Variables"].get("AUTH_MODE") for h, f in functions().items()}
    assert modes == {h: {"Ref": "AuthMode"} if h in ("api", "stream") else None for h in HANDLERS}
    (integration,) = resources("AWS::ApiGatewayV2::Integration").values()
    assert functions()["api"]["Timeout"] * 1000 < integration["TimeoutInMillis"] <= 30000


def test_only_dispatch_and_sweep_are_in_the_vpc() -> None:
    inside = [handler for handler, function in functions().items() if "VpcConfig" in function]
    assert sorted(inside) == ["dispatch", "sweep"]
    roles = [name for name, role in resources("AWS::IAM::Role").items() if "ManagedPolicyArns" in role]
    assert sorted(roles) == ["DispatchRole", "SweepRole"]


def test_every_function_goes_over_step_by_step_and_back_on_an_alarm() -> None:
    alarms = resources("AWS::CloudWatch::Alarm")
    for function in functions().values():
        assert function["AutoPublishAlias"] == "live"
        assert function["AutoPublishCodeSha256"] == {"Ref": "Release"}
        # A version is published only when something of the function differs from the last one.
        assert "${Release}" in function["Description"]["Fn::Sub"]
        preference = function["DeploymentPreference"]
        assert preference["Type"] == {"Fn::If": ["IsDev", "AllAtOnce", "Canary10Percent5Minutes"]}
        assert {a["Ref"] for a in preference["Alarms"]} <= set(alarms)
        errors = alarms[function["LogicalName"].replace("Function", "ErrorsAlarm")]
        assert errors["MetricName"] == "Errors"
        assert errors["Dimensions"][1] == {
            "Name": "Resource", "Value": {"Fn::Sub": "${" + function["LogicalName"] + "}:live"},
        }  # fmt: skip
    (integration,) = resources("AWS::ApiGatewayV2::Integration").values()
    assert integration["IntegrationUri"] == {"Ref": "ApiFunction.Alias"}
    (schedule,) = resources("AWS::Scheduler::Schedule").values()
    assert schedule["Target"]["Arn"] == {"Ref": "SweepFunction.Alias"}


def test_there_is_an_alarm_for_each_queues_age_and_dead_letters() -> None:
    watched = {
        (alarm["MetricName"], named(alarm["Dimensions"][0]["Value"]))
        for alarm in resources("AWS::CloudWatch::Alarm").values() if alarm["Namespace"] == "AWS/SQS"
    }  # fmt: skip
    ages = {("ApproximateAgeOfOldestMessage", f"{name}Queue") for name in ("Work", "Resume", "Notify")}
    dead = {("ApproximateNumberOfMessagesVisible", f"{name}DeadLetters") for name in ("Work", "Resume", "Notify")}
    assert watched == ages | dead


def test_production_keeps_and_protects_its_data() -> None:
    for name in ("Table", "Bucket", "Key"):
        resource = template()["Resources"][name]
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resource["UpdateReplacePolicy"] == "Retain"
    (table,) = resources("AWS::DynamoDB::Table").values()
    assert table["DeletionProtectionEnabled"] == {"Fn::If": ["IsProduction", True, False]}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert len(table["GlobalSecondaryIndexes"]) == 4


def test_results_last_as_long_in_the_table_as_in_the_bucket() -> None:
    assert template()["Parameters"]["ResultDays"]["Default"] == 30
    (bucket,) = resources("AWS::S3::Bucket").values()
    rule, previews = bucket["LifecycleConfiguration"]["Rules"]
    assert (previews["Prefix"], previews["ExpirationInDays"]) == ("previews/", 1)
    days = template()["Globals"]["Function"]["Environment"]["Variables"]["RESULT_DAYS"]
    assert rule["ExpirationInDays"] == days == {"Ref": "ResultDays"}


# CloudFormation has no tags for these, or SAM passes the function's on (PropagateTags).
UNTAGGED = {
    "AWS::CloudWatch::Dashboard",
    "AWS::ApiGatewayV2::Authorizer", "AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::Route",
    "AWS::Lambda::Permission", "AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy", "AWS::Scheduler::Schedule", "AWS::Serverless::Function",
}  # fmt: skip


def test_everything_that_can_be_tagged_is() -> None:
    expected = {"project": "comfy-lambda", "environment": {"Ref": "Environment"}}
    assert template()["Globals"]["Function"]["Tags"] == expected
    assert template()["Globals"]["Function"]["PropagateTags"] is True
    for name, resource in template()["Resources"].items():
        if resource["Type"] in UNTAGGED:
            continue
        tags = resource["Properties"]["Tags"]
        assert (tags if isinstance(tags, dict) else {t["Key"]: t["Value"] for t in tags}) == expected, name


def test_the_page_lists_the_parameters_and_outputs() -> None:
    page = (ROOT / "docs/deploy.md").read_text()
    page = page.partition("\n## Parameters\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", page, re.M))
    parameters = template()["Parameters"]
    assert sorted(set(rows) - set(template()["Outputs"])) == sorted(parameters)
    for name, declared in parameters.items():
        assert rows[name].strip("` ") == (str(declared["Default"]) or "none"), name
    assert set(template()["Outputs"]) <= set(rows)


def dashboard() -> dict[str, Any]:
    """Its body as CloudWatch gets it, each reference being its own name."""
    (found,) = resources("AWS::CloudWatch::Dashboard").values()
    text, own = found["DashboardBody"]["Fn::Sub"]
    for name, value in own.items():
        text = text.replace(f"${{{name}}}", value["Fn::Sub"])
    return json.loads(re.sub(r"\$\{([A-Za-z:.]+)\}", r"\1", text))


def test_the_dashboard_shows_metrics_that_there_are() -> None:
    source = (ROOT / "Sources/Handlers/Metrics/MetricName.swift").read_text()
    names = {*re.findall(r'case \w+ = "(\w+)"', source), "HandlerDuration", "Errors", "ColdStart"}
    assert len(names) > 20
    shown = set()
    for widget in dashboard()["widgets"]:
        assert widget["x"] + widget["width"] <= 24
        for metric in widget["properties"]["metrics"]:
            if isinstance(metric[0], dict):
                schema = r"SEARCH\('\{\"MetricsNamespace\",FunctionName[A-Za-z,]*\}"
                form = schema + r" MetricName=\"(\w+)\" FunctionName=\(.+\)', '\w+', \d+\)"
                match = re.fullmatch(form, metric[0]["expression"])
                assert match, metric
                shown.add(match[1])
            elif metric[0] == "MetricsNamespace":
                shown.add(metric[1])
            else:
                assert metric[0].startswith("AWS/")
    assert shown == names


def test_the_dashboard_names_resources_that_there_are() -> None:
    (found,) = resources("AWS::CloudWatch::Dashboard").values()
    text = json.dumps(found["DashboardBody"])
    known = {*template()["Resources"], *template()["Parameters"], "Space", "Ours", "AWS::Region"}
    assert {name.split(".")[0] for name in re.findall(r"\$\{([A-Za-z:.]+)\}", text)} <= known
