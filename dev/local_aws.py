"""The local AWS: moto's server with five additions.

It takes a free port by itself and tells it in one line of JSON, together with a key of an IAM user who may do
everything; it ends with the process that started it; a write to a DynamoDB item is atomic, as in the real
service: moto checks a condition and changes the item in two steps, between which another thread may do the same;
a query costs what its partition costs, not what the table does; and a request is neither looked up among all of
moto's services again nor logged.
"""

import argparse
import functools
import json
import os
import threading
import time


def end_with_parent(parent: int) -> None:
    """Nothing else ends this process when its parent is killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def make_writes_atomic() -> None:
    from moto.dynamodb.models import DynamoDBBackend

    lock = threading.RLock()

    def serial(method):
        @functools.wraps(method)
        def locked(*args, **kwargs):
            with lock:
                return method(*args, **kwargs)

        return locked

    for name in ("put_item", "update_item", "delete_item", "transact_write_items"):
        setattr(DynamoDBBackend, name, serial(getattr(DynamoDBBackend, name)))


def make_queries_narrow() -> None:
    """moto sorts all items of a table for each query: with some hundred jobs that was half of its time."""
    from moto.dynamodb.models.table import Table

    asked = threading.local()
    query, all_items = Table.query, Table.all_items

    @functools.wraps(query)
    def query_of_partition(self, *args, **kwargs):
        asked.partition = (kwargs.get("hash_key_conditions") or [None])[0]
        try:
            return query(self, *args, **kwargs)
        finally:
            asked.partition = None

    @functools.wraps(all_items)
    def items_of_partition(self):
        if getattr(asked, "partition", None) is None:
            return all_items(self)
        name, wanted = asked.partition
        items = (item for collection in list(self.items.values()) for item in list(collection.values()))
        return [item for item in items if name in item.attrs and item.attrs[name].value == wanted.value]

    Table.query, Table.all_items = query_of_partition, items_of_partition


def make_requests_cheap() -> type:
    """For each request moto lists its package's folder to find the service, and writes a line: a third of its time.

    The request handler for the server.
    """
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler

    DomainDispatcherApplication.get_backend_for_host = functools.cache(DomainDispatcherApplication.get_backend_for_host)

    class QuietRequestHandler(MotoRequestHandler):
        def log_request(self, *args) -> None:
            pass

    return QuietRequestHandler


def make_key() -> tuple[str, str]:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.iam import iam_backends

    iam = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    iam.create_user(region_name="us-east-1", user_name="local")
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [everything]}
    iam.put_user_policy("local", "everything", json.dumps(policy))
    key = iam.create_access_key("local")
    return key.access_key_id, key.secret_access_key


def main() -> None:
    parser = argparse.ArgumentParser(prog="local_aws", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--parent", type=int, help="ends when this is no longer its parent process")
    parser.add_argument(
        "--check-signatures",
        action="store_true",
        help="verify the Authorization header of every request; presigned addresses then answer 500",
    )
    options = parser.parse_args()
    if options.parent:
        end_with_parent(options.parent)

    from moto import settings
    from moto.core.config import default_user_config
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    make_writes_atomic()
    make_queries_narrow()
    handler = make_requests_cheap()
    # A function answers with what it was sent: moto would want Docker to run one.
    default_user_config["lambda"]["use_docker"] = False
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", options.port, application, threaded=True, request_handler=handler)
    os.environ["MOTO_PORT"] = str(server.port)
    access_key_id, secret_access_key = make_key()
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0.0 if options.check_signatures else float("inf")
    ready = {
        "event": "ready",
        "port": server.port,
        "access_key_id": access_key_id,
        "secret_access_key": secret_access_key,
    }
    print(json.dumps(ready), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
