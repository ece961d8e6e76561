"""Writes Tests/Fixtures/sigv4/botocore.json: odd requests with the signatures that botocore makes for them.

`.venv/bin/python dev/signing_vectors.py`. For S3 the path is the key encoded once, as botocore's own serializer encodes
it; botocore takes the path and the query as they are sent, so both are written in full.
"""

import base64
import datetime
import json
import pathlib
import urllib.parse

import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

FIXTURES = pathlib.Path(__file__).parent.parent / "Tests/Fixtures"
TIME = datetime.datetime(2026, 11, 21, 5, 26, 36)
REGION = "eu-central-1"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

KEYS = [
    "a b",
    "a+b",
    "100%",
    "a%20b",
    "a//b",
    "/a",
    "a/./b",
    "a/../b",
    "..",
    ".",
    "ü/ሴ",
    "a?b#c&d=e",
    "~-_.!*'()",
    "€=😀",
]
QUERIES = [
    "acl=",
    "a=&b=&a=1",
    "a=10&a=9&a-b=&ab=x",
    "list-type=2&prefix=a%2Fb%20c%2B%C3%BC&delimiter=%2F",
    "a=%25&b=%3D%26",
    "X=1&x=2&Y=",
]
TOKENS = [None, "simple", "with+plus/slash==and=equals", "FwoGZXIvYXdzE//////////wEaDH+/="]
ACCESS_KEYS = ["AKIDEXAMPLE", "key:with:colons"]
HOSTS = [
    "http://127.0.0.1:5555",
    "https://bucket.s3.eu-central-1.amazonaws.com",
    "https://example.com:8443",
    "http://h:80",
]
HEADERS = [
    {"x-amz-meta-a": "  two   words  "},
    {"x-amz-meta-a": "tab\there\t and  there"},
    {"x-amz-meta-a": '"quoted  inside"', "content-type": "text/plain; charset=utf-8"},
    {"x-amz-meta-empty": "", "x-amz-meta-a": "a,b,  c"},
]


def requests() -> list[dict]:
    base = {
        "method": "GET",
        "host": HOSTS[1],
        "path": "/",
        "query": "",
        "headers": {},
        "access_key_id": ACCESS_KEYS[0],
        "token": None,
        "service": "s3",
    }
    made = [{**base, "path": "/" + urllib.parse.quote(key, safe="/~")} for key in KEYS]
    made += [{**base, "query": query} for query in QUERIES]
    made += [{**base, "token": token} for token in TOKENS]
    made += [{**base, "access_key_id": key} for key in ACCESS_KEYS]
    made += [{**base, "host": host, "path": "/b/k"} for host in HOSTS]
    made += [{**base, "method": "PUT", "headers": headers} for headers in HEADERS]
    made += [
        {**base, "service": service, "method": "POST", "path": path, "host": "https://example.com"}
        for service in ("dynamodb", "lambda")
        for path in (
            "/",
            "/a//b/./c/../d",
            "/functions/arn%3Aaws%3Alambda%3Aeu-central-1%3A1%3Afunction%3Af/invocations",
        )
    ]
    return made


def sign(case: dict) -> dict:
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: TIME
    credentials = Credentials(case["access_key_id"], SECRET, case["token"])
    url = case["host"] + case["path"] + (f"?{case['query']}" if case["query"] else "")

    def request() -> AWSRequest:
        return AWSRequest(method=case["method"], url=url, headers=dict(case["headers"]))

    kinds = (
        (botocore.auth.S3SigV4Auth, botocore.auth.S3SigV4QueryAuth)
        if case["service"] == "s3"
        else (botocore.auth.SigV4Auth, botocore.auth.SigV4QueryAuth)
    )
    in_header = request()
    kinds[0](credentials, case["service"], REGION).add_auth(in_header)
    in_query = request()
    kinds[1](credentials, case["service"], REGION, expires=900).add_auth(in_query)
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(in_query.url).query)
    # In the query form botocore keeps one of several values of a name: there it is no judge of those.
    names = [pair.split("=")[0] for pair in case["query"].split("&")]
    if len(names) != len(set(names)):
        return {**case, "authorization": in_header.headers["Authorization"]}
    return {
        **case,
        "authorization": in_header.headers["Authorization"],
        "query_signature": query["X-Amz-Signature"][0],
        "query_signed_headers": query["X-Amz-SignedHeaders"][0],
    }


def post() -> dict:
    """A form's policy, signed."""
    policy = {"expiration": "2026-11-21T06:26:36.000Z", "conditions": [["starts-with", "$key", "user/"]]}
    request = AWSRequest(method="POST", url="https://bucket.s3.eu-central-1.amazonaws.com/")
    fields: dict[str, str] = {}
    request.context["s3-presign-post-fields"] = fields
    request.context["s3-presign-post-policy"] = policy
    credentials = Credentials(ACCESS_KEYS[0], SECRET, TOKENS[2])
    botocore.auth.S3SigV4PostAuth(credentials, "s3", REGION).add_auth(request)
    return fields


def cloudfront() -> dict:
    """Addresses by a canned policy, signed with the key beside this file."""
    pem = (FIXTURES / "sigv4/cloudfront-test-key.pem").read_bytes()
    key = serialization.load_pem_private_key(pem, None)
    signer = CloudFrontSigner("K2JCJMDEHXQW5F", lambda text: key.sign(text, padding.PKCS1v15(), hashes.SHA1()))
    end = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
    addresses = [
        "https://d111111abcdef8.cloudfront.net/outputs/u/1.png",
        "https://d111111abcdef8.cloudfront.net/a%20b.png?size=large&x=%C3%BC",
        "http://media.example.com:8080/",
    ]
    return {
        "key_pair_id": "K2JCJMDEHXQW5F",
        "expires": int(end.timestamp()),
        "addresses": [
            {"url": url, "signed": signer.generate_presigned_url(url, date_less_than=end)} for url in addresses
        ],
    }


def main() -> None:
    document = {
        "botocore": botocore.__version__,
        "time": TIME.strftime("%Y%m%dT%H%M%SZ"),
        "region": REGION,
        "secret_access_key": SECRET,
        "expires": 900,
        "cases": [sign(case) for case in requests()],
        "post": post(),
        "cloudfront": cloudfront(),
    }
    assert base64.b64decode(document["post"]["policy"])
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (FIXTURES / "sigv4/botocore.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
