#!/usr/bin/env python3
"""A Lambda runtime for tests: does what each event tells it, over the Runtime API, with nothing but the standard library.

An event is a JSON object with `do`: echo (the event back), env (this process's variables), pid, raise (a function
error), exit (with `status`), hang, big (an answer of `bytes`), skip (asks for the next without an answer), slow (pid,
after `seconds`), fail (puts the messages in `fail` of an SQS event's body back), twice (answers twice; the second status), stream (`pieces`
one by one, each after the first only when the file `gate` is there; then the trailers of an error, if `error` names one).
INIT=error reports an init error, INIT=exit ends before the first invocation, INIT=hang never asks.
"""

import base64
import http.client
import json
import os
import sys
import time

connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
ROOT = "/2018-06-01/runtime/"


def call(method, path, body=None, headers=None):
    connection.request(method, ROOT + path, body, headers or {})
    response = connection.getresponse()
    return response.status, dict(response.getheaders()), response.read()


def post(path, document, headers=None):
    return call("POST", path, json.dumps(document), headers)


def respond(request_id, document):
    return post(f"invocation/{request_id}/response", document)


def stream(request_id, event):
    connection.putrequest("POST", ROOT + f"invocation/{request_id}/response")
    connection.putheader("Content-Type", event.get("type", "application/octet-stream"))
    connection.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.putheader("Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body")
    connection.endheaders()
    for index, piece in enumerate(event["pieces"]):
        while index and not os.path.exists(event["gate"]):
            time.sleep(0.01)
        data = piece.encode()
        connection.send(b"%x\r\n%s\r\n" % (len(data), data))
    if event.get("do_not_end"):
        os._exit(1)
    end = b"0\r\n"
    if "error" in event:
        document = json.dumps({"errorType": event["error"], "errorMessage": "midway"}).encode()
        end += b"Lambda-Runtime-Function-Error-Type: %s\r\n" % event["error"].encode()
        end += b"Lambda-Runtime-Function-Error-Body: %s\r\n" % base64.b64encode(document)
    connection.send(end + b"\r\n")
    connection.getresponse().read()


def handle(request_id, headers, event):
    what = event.get("do", "echo")
    if "Records" in event:
        bodies = {record["messageId"]: record["body"] for record in event["Records"]}
        if "raise" in bodies.values():
            post(f"invocation/{request_id}/error", {"errorType": "Queue", "errorMessage": "no"})
            return
        print(json.dumps({"delivered": sorted(bodies.values())}), flush=True)
        failed = [{"itemIdentifier": key} for key, body in bodies.items() if body.startswith("fail")]
        respond(request_id, {"batchItemFailures": failed})
    elif what == "env":
        respond(request_id, {"env": dict(os.environ), "headers": headers})
    elif what == "pid":
        respond(request_id, {"pid": os.getpid()})
    elif what == "raise":
        document = {"errorType": "Test.Raised", "errorMessage": "as asked", "stackTrace": []}
        post(f"invocation/{request_id}/error", document, {"Lambda-Runtime-Function-Error-Type": "Test.Header"})
    elif what == "exit":
        sys.exit(event.get("status", 0))
    elif what == "hang":
        print("hanging", os.getpid(), flush=True)
        time.sleep(600)
    elif what == "big":
        status, _, _ = respond(request_id, "x" * event["bytes"])
        print(json.dumps({"big": status}), flush=True)
    elif what == "skip":
        pass
    elif what == "slow":
        time.sleep(event["seconds"])
        respond(request_id, {"pid": os.getpid()})
    elif what == "twice":
        respond(request_id, {"first": True})
        status, _, body = respond(request_id, {"first": False})
        print(json.dumps({"second": status, "body": json.loads(body)}), flush=True)
    elif what == "stream":
        stream(request_id, event)
    elif what == "http":
        respond(request_id, event["answer"])
    else:
        respond(request_id, event)


init = os.environ.get("INIT")
if init == "error":
    post("init/error", {"errorType": "Init.Error", "errorMessage": "TABLE_NAME is not set"})
    sys.exit(1)
if init == "exit":
    sys.exit(7)
if init == "hang":
    time.sleep(600)
while True:
    status, headers, body = call("GET", "invocation/next")
    if status != 200:
        sys.exit(3)
    headers = {name.lower(): value for name, value in headers.items()}
    try:
        event = json.loads(body)
    except ValueError:
        event = {"no": "json"}
    if "requestContext" in event:  # an HTTP event: its body says what to do
        event = json.loads(event.get("body") or "{}") | {"path": event.get("rawPath") or event["path"]}
        event.setdefault("do", "http")
        event.setdefault("answer", {"statusCode": 200, "body": event["path"]})
    handle(headers["lambda-runtime-aws-request-id"], headers, event)
