"""The local AWS: moto's server with nine additions.

It takes a free port by itself and tells it in one line of JSON, together with a key of an IAM user who may do
everything; it ends with the process that started it; a write to a DynamoDB item is atomic, as in the real
service: moto checks a condition and changes the item in two steps, between which another thread may do the same;
a query costs what its partition costs, not what the table does; a request is neither looked up among all of
moto's services again nor logged; an item is neither taken apart for an index nor looked up for its answer; texts are
compared, measured and copied as texts; the parts of an update's expression are copied and checked without asking each
for its abstract classes; and garbage is looked for seldom.
"""

import argparse
import base64
import collections
import functools
import gc
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
    """moto looks at all items of a table for each query: with some hundred jobs that was half of its time."""
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models.table import Table

    asked = threading.local()
    query, all_items = Table.query, Table.all_items

    def list_items(table) -> None:
        """Makes `table.partitions`: by attribute of an index and by value, the items that have it."""
        keys = (key for index in table.all_indexes() for key in index.schema if key["KeyType"] == "HASH")
        table.values_of = {}
        partitions = {key["AttributeName"]: collections.defaultdict(dict) for key in keys}
        for item in all_items(table):
            relist(table, partitions, item, True)
        table.partitions = partitions

    def relist(table, partitions: dict, item, stays: bool) -> None:
        """A query that looks meanwhile finds what stays where it is."""
        key = (item.hash_key.value, item.range_key.value)
        new = [(name, item.attrs[name].value) for name in partitions if stays and name in item.attrs]
        for name, value in new:
            partitions[name][value][key] = item
        for name, value in table.values_of.get(key, ()):
            if (name, value) not in new:
                del partitions[name][value][key]
        table.values_of[key] = new

    def listing(method, stays: bool):
        """Under the lock of `make_writes_atomic`."""

        @functools.wraps(method)
        def listed(self, table_name, *args, **kwargs):
            item = method(self, table_name, *args, **kwargs)
            table = self.get_table(table_name)
            if table.range_key_attr and not hasattr(table, "partitions"):
                list_items(table)
            elif item is not None and table.range_key_attr:
                relist(table, table.partitions, item, stays)
            return item

        return listed

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
        if name == self.hash_key_attr and self.range_key_attr:
            return list(self.items.get(wanted, {}).values())
        if name in getattr(self, "partitions", ()):
            return list(self.partitions[name].get(wanted.value, {}).values())
        return all_items(self)

    Table.query, Table.all_items = query_of_partition, items_of_partition
    for name in ("put_item", "update_item", "delete_item"):
        setattr(DynamoDBBackend, name, listing(getattr(DynamoDBBackend, name), name != "delete_item"))


def make_values_cheap() -> None:
    """moto asks a value for its type six times before it copies, measures or compares a text, and to sort it compares
    values instead of what they hold: a query of fifty items does so some thousand times.
    """
    from moto.dynamodb.models.dynamo_type import DynamoType
    from moto.dynamodb.models.table import Table

    cast, size, copied = DynamoType.cast_value.fget, DynamoType.size, DynamoType.__deepcopy__

    def cast_value(self):
        return self.value if self.type == "S" else cast(self)

    def size_of_value(self):
        return len(self.value.encode()) if self.type == "S" and isinstance(self.value, str) else size(self)

    def deepcopy(self, memo):
        if self.type not in ("S", "N"):
            return copied(self, memo)
        twin = object.__new__(DynamoType)
        twin.type, twin.value = self.type, self.value
        return twin

    def sorted_items(self, hash_key_attrs, range_key_attrs, items):
        names = self._generate_attr_to_sort_by(hash_key_attrs, range_key_attrs)
        items.sort(key=lambda item: [item.attrs[name].cast_value for name in names])
        return items

    DynamoType.cast_value = property(cast_value)
    DynamoType.size = size_of_value
    DynamoType.__deepcopy__ = deepcopy
    Table.sorted_items = sorted_items


def make_items_cheap() -> None:
    """For an index moto decodes an item once for each attribute, and for the answer it tries some twenty names for each
    member that an attribute value might have: most of a query's time, and a third of an update's.
    """
    from moto.core.serialize import BaseJSONSerializer
    from moto.dynamodb.models.dynamo_type import Item

    project, serialize = Item.project, BaseJSONSerializer._serialize_type_structure

    @functools.wraps(project)
    def project_whole_attributes(self, expressions):
        if any(len(path) > 1 for path in expressions):
            return project(self, expressions)
        projected = Item(hash_key=self.hash_key, range_key=self.range_key, attrs={})
        # Not one by one: each would be measured together with all before it.
        projected.attrs.update({name: self.attrs[name] for (name,) in expressions if name in self.attrs})
        return projected

    def as_sent(value):
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        if isinstance(value, dict):
            return {name: as_sent(member) for name, member in value.items()}
        return [as_sent(member) for member in value] if isinstance(value, list) else value

    @functools.wraps(serialize)
    def serialize_value_as_it_is(self, serialized, value, shape, key):
        if shape.name == "AttributeValue" and isinstance(value, dict):
            self._default_serialize(serialized, as_sent(value), shape, key)
        else:
            serialize(self, serialized, value, shape, key)

    Item.project = project_whole_attributes
    BaseJSONSerializer._serialize_type_structure = serialize_value_as_it_is


def make_updates_cheap() -> None:
    """moto copies an update's expression as it copies anything, and asks of each part of it for each of ten checks
    whether it is of one of the abstract classes that the check is about: half of an update's time.
    """
    from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser
    from moto.dynamodb.parsing.validators import Validator

    def copied(node, parent):
        if not hasattr(node, "children"):
            return node
        twin = object.__new__(type(node))
        twin.__dict__.update(node.__dict__, parent=parent)
        if node.children is not None:
            twin.children = [copied(child, twin) for child in node.children]
        return twin

    def __init__(self, expression, expression_attribute_names, expression_attribute_values, item, table):
        self.expression_attribute_names = expression_attribute_names
        self.expression_attribute_values = expression_attribute_values
        self.item = item
        self.table = table
        self.processors = self.get_ast_processors()
        self.node_to_validate = copied(expression, None)

    def traverse(self, node):
        wanted = tuple(self._processing_map())
        is_wanted = functools.cache(lambda kind: issubclass(kind, wanted))

        def visit(node, place):
            children = getattr(node, "children", None)
            if children is None:
                return node
            parent = node.parent
            for index, child in enumerate(children):
                self.pre_processing_of_child(node, index)
                visit(child, index)
            if is_wanted(type(node)):
                node = self.process(node)
                node.parent = parent
                if parent:
                    parent.children[place] = node
            return node

        return visit(node, -1)

    Validator.__init__ = __init__
    DepthFirstTraverser.traverse = traverse


def make_requests_cheap() -> type:
    """For each request moto lists its package's folder to find the service, and the service's methods to find one, and
    writes a line: a third of its time.

    The request handler for the server.
    """
    from moto.core import responses
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler

    DomainDispatcherApplication.get_backend_for_host = functools.cache(DomainDispatcherApplication.get_backend_for_host)

    responses.method_names_from_class = functools.cache(responses.method_names_from_class)

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

    # A look through all of a large table for garbage, again and again, keeps every caller waiting.
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)
    make_queries_narrow()
    make_writes_atomic()
    make_values_cheap()
    make_items_cheap()
    make_updates_cheap()
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
