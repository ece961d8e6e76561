"""Parses one file with the project's JSON module, with Codable and with Python, in turn, and prints medians and ratios.

`compare.py PARSE-BINARY FILE`; ratios are formed inside a round, so that a change of the machine's speed cancels out.
"""

import json
import statistics
import subprocess
import sys
import time

ROUNDS = 9
NAMES = {"own": "JSON module", "codable": "Codable, enum", "python": "Python json"}


def python(text: str, repetitions: int) -> float:
    best = float("inf")
    for _ in range(repetitions):
        start = time.perf_counter_ns()
        json.loads(text)
        best = min(best, time.perf_counter_ns() - start)
    return best / 1000


def swift(binary: str, which: str, file: str, repetitions: int) -> float:
    command = [binary, which, file, str(repetitions)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    binary, file = sys.argv[1:]
    with open(file, encoding="utf-8") as stream:
        text = stream.read()
    rounds = []
    for _ in range(ROUNDS):
        rounds.append(
            {
                "own": swift(binary, "own", file, 500),
                "codable": swift(binary, "codable", file, 50),
                "python": python(text, 500),
            }
        )
    print(f"{len(text.encode())} bytes, {ROUNDS} rounds, the fastest parse of each; Python {sys.version.split()[0]}")
    for key, name in NAMES.items():
        median = statistics.median(one[key] for one in rounds)
        ratio = statistics.median(one[key] / one["own"] for one in rounds)
        print(f"  {name:14} {median:8.0f} µs {ratio:7.2f} ×")


if __name__ == "__main__":
    main()
