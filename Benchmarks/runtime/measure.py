"""The runtime's measurements; `measure.py NAME …` runs some, without names all. What they are is in ../README.md."""

import statistics
import sys
from collections.abc import Callable

import subjects as s
from rounds import ratio, rounds, table, verdict


def cold() -> None:
    """From exec to the first GET /next, 20 launches of each in interleaved rounds."""
    values = rounds(
        20,
        [s.FLOOR_CURL, s.FLOOR_SOCKET, s.ECHO, s.PRODUCT, s.PYTHON],
        lambda one: one.run(*(s.LIVENESS if one is s.PRODUCT else ()))[0]["first_next_ms"],
    )
    table("cold start, exec to the first /next", values, s.FLOOR_CURL, "ms", 2)
    verdict("product", ratio(values, s.PRODUCT, s.FLOOR_CURL), "× floor-curl ", 2.5, 1.8, True)
    verdict("awslambdaric", ratio(values, s.PYTHON, s.PRODUCT), "× product ", 15, None, False)


def _warm(size: int, invocations: int, options: tuple[str, ...]) -> Callable[[s.Subject], float]:
    count = ("--warmup", 300, "--invocations", invocations)
    return lambda one: one.run("--one-connection", "--size", size, *count, *options)[0]["per_second"]


def echo() -> None:
    """Raw events of 1 KB and 100 KB, answered byte for byte."""
    for size in (1024, 102_400):
        values = rounds(15, [s.FLOOR_CURL, s.FLOOR_SOCKET, s.ECHO], _warm(size, 5000, ("--echo",)))
        table(f"warm echo, {size} bytes", values, s.FLOOR_CURL, "inv/s")
        verdict(
            "echo", ratio(values, s.ECHO, s.FLOOR_CURL), "× floor-curl ", 0.85, 0.94 if size > 1024 else 0.92, False
        )


def typed() -> None:
    """Events decoded into a value and encoded again, beside awslambdaric, which does the same."""
    for size in (1024, 102400):
        values = rounds(15, [s.PYTHON, s.TYPED], _warm(size, 5000, ("--expect", "abcdefghijklmnop")))
        table(f"typed echo, {size} bytes", values, s.PYTHON, "inv/s")
        verdict("typed", ratio(values, s.TYPED, s.PYTHON), "× awslambdaric ", 3, None, False)


def submit() -> None:
    """From exec to the answer to the first POST /v1/generate; every outside call is answered at once, and counted."""
    runs = [s.PRODUCT.run(*s.GENERATE)[0] for _ in range(20)]
    times = [run["first_answer_ms"] for run in runs]
    calls = {tuple(sorted(run["calls"].items())) for run in runs}
    print("\nexec to the answer to the first POST /v1/generate")
    print(f"  {statistics.median(times):.2f} ms ({min(times):.2f} to {max(times):.2f})")
    for one in calls:
        print("  calls before the answer: " + ", ".join(f"{name} {count}" for name, count in one))
    verdict("first submit", statistics.median(times), "ms ", 12, 6, True)


def handler() -> None:
    """From a warm function's event to its answer, for a submit whose outside calls are answered at once."""
    runs = [s.PRODUCT.run("--warmup", 1000, "--invocations", 5000, *s.GENERATE)[0] for _ in range(7)]
    times = [run["latency_us"]["p50"] / 1000 for run in runs]
    tails = [run["latency_us"]["p99"] / 1000 for run in runs]
    print("\nevent to answer of a warm POST /v1/generate, stub and generator included")
    print(f"  median {statistics.median(times):.3f} ms ({min(times):.3f} to {max(times):.3f}), p99 {max(tails):.3f} ms")
    verdict("submit", statistics.median(times), "ms ", 1, None, True)


def memory() -> None:
    """RssAnon along 5,000 invocations of the echo, of /health/live and of submits."""
    rows = (
        ("echo, 1 KB", s.ECHO, ("--echo",), 3, 1.5),
        ("GET /health/live", s.PRODUCT, s.LIVENESS, 6, 3),
        ("POST /v1/generate", s.PRODUCT, s.GENERATE, 10, 5),
    )
    print("\nanonymous memory")
    for name, subject, options, must, hoped in rows:
        run = subject.run("--invocations", 5000, "--sample-every", 250, *options)[0]
        samples = dict(run["samples"])
        shown = ", ".join(f"{samples[count]} kB after {count:,}" for count in (250, 1000, 2500, 5000))
        print(f"  {name}: {shown}")
        verdict(name, samples[5000] / 1024, "MB ", must, hoped, True)
        verdict(f"{name}, growth from 2,500 to 5,000", samples[5000] - samples[2500], "kB ", 64, 0, True)


def zip_size() -> None:
    """The size of function.zip."""
    size = (s.ROOT / ".build/lambda/function.zip").stat().st_size
    print(f"\nfunction.zip: {size:,} bytes")
    verdict("function.zip", size / 1e6, "MB ", 7, 5.5, True)


def concurrency() -> None:
    """64 invocations at once that each wait 50 ms."""
    runs = [s.WAIT.run("--concurrency", 64, "--warmup", 640, "--invocations", 6400, "--echo")[0] for _ in range(7)]
    share = statistics.median(run["per_second"] / (64 / 0.05) for run in runs)
    connections = max(run["connections"] for run in runs)
    print(f"\n64 invocations at once, 50 ms each: {statistics.median(run['per_second'] for run in runs):.0f} inv/s")
    verdict("throughput", share, "of ideal ", 0.9, 0.95, False)
    verdict("connections", connections, "", 136, None, True)


MEASUREMENTS = {
    "cold": cold,
    "echo": echo,
    "typed": typed,
    "submit": submit,
    "handler": handler,
    "memory": memory,
    "zip": zip_size,
    "concurrency": concurrency,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or MEASUREMENTS:
        MEASUREMENTS[name]()
