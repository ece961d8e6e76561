"""Signs the same requests with the project's signer and with botocore's, in turn, and compares times and signatures.

`compare.py SIGN-BINARY`; ratios are formed inside a round, so that a change of the machine's speed cancels out. With
`--instructions` it counts, with callgrind, what one signature costs instead.
"""

import datetime
import re
import statistics
import subprocess
import sys
import time
import urllib.parse

ROUNDS = 9
REQUESTS = 5000
DAY = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN//////////wEaCXVzLWVhc3QtMSJGMEQCIBSUbVdj=="


def requests() -> list[tuple[str, str, datetime.datetime]]:
    """No two alike in path, query or time; the query is canonical, because botocore takes it as it is."""
    made = []
    for n in range(REQUESTS):
        path = urllib.parse.quote(f"/outputs/user {n % 97}/job-{n:06}/ü+{n}.png", safe="/~")
        kind = urllib.parse.quote(f"image/png; q={n}", safe="")
        query = f"response-content-type={kind}&versionId={n:032x}"
        made.append(
            (
                "GET",
                f"https://bucket.s3.us-east-1.amazonaws.com{path}?{query}",
                DAY + datetime.timedelta(seconds=n),
            )
        )
    return made


def botocore_round(made: list[tuple[str, str, datetime.datetime]]) -> tuple[float, list[str]]:
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", TOKEN)
    auth = botocore.auth.S3SigV4Auth(credentials, "s3", "us-east-1")
    headers = {"content-type": "image/png", "amz-sdk-request": "attempt=1; max=3"}
    prepared = [AWSRequest(method=method, url=url, headers=headers) for method, url, _ in made]
    times = iter([moment for _, _, moment in made])
    original = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: next(times).replace(tzinfo=None)
    try:
        start = time.perf_counter()
        for request in prepared:
            auth.add_auth(request)
        elapsed = time.perf_counter() - start
    finally:
        botocore.auth.get_current_datetime = original
    return elapsed * 1e6 / len(made), [one.headers["Authorization"].rsplit("=", 1)[1] for one in prepared]


def own_round(binary: str, lines: str) -> tuple[float, list[str]]:
    output = subprocess.run([binary, "5"], input=lines, check=True, capture_output=True, text=True).stdout
    first, *signatures = output.split("\n")
    return float(first), [one for one in signatures if one]


def instructions(binary: str, lines: str) -> float:
    """What a further pass over the requests costs, so that the start of the program does not count."""

    def count(passes: int) -> int:
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", binary, str(passes)]
        result = subprocess.run(command, input=lines, check=True, capture_output=True, text=True)
        return int(re.search(r"Collected\s*:\s*(\d+)", result.stderr)[1])

    return (count(3) - count(1)) / 2 / REQUESTS


def main() -> None:
    binary = sys.argv[1]
    made = requests()
    lines = "".join(f"{method}\t{url}\t{moment:%Y%m%dT%H%M%SZ}\n" for method, url, moment in made)
    if "--instructions" in sys.argv:
        print(f"  {instructions(binary, lines):.0f} instructions a signature")
        return
    rounds = []
    for _ in range(ROUNDS):
        (own, ours), (theirs, others) = own_round(binary, lines), botocore_round(made)
        if ours != others:
            sys.exit("The signatures differ.")
        rounds.append((own, theirs))
    import botocore

    print(f"{REQUESTS} requests, {ROUNDS} rounds, all signatures equal; Python {sys.version.split()[0]}")
    for name, index in (("own", 0), (f"botocore {botocore.__version__}", 1)):
        median = statistics.median(one[index] for one in rounds)
        ratio = statistics.median(one[index] / one[0] for one in rounds)
        print(f"  {name:18} {median:8.2f} µs {1e6 / median:10.0f}/s {ratio:7.1f} ×")


if __name__ == "__main__":
    main()
