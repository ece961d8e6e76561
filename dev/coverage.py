"""Prints the line coverage of Sources from the JSON that `swift test --enable-code-coverage` leaves.

Status 1 under 80%.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

WANTED = 80.0


def main(report: Path) -> int:
    sources = Path(__file__).resolve().parents[1] / "Sources"
    if not report.is_file():
        print(f"there is no coverage report at {report}: the tests did not run to their end", file=sys.stderr)
        return 1
    covered, lines = defaultdict(int), defaultdict(int)
    for file in json.loads(report.read_text())["data"][0]["files"]:
        path = Path(file["filename"])
        if path.is_relative_to(sources):
            module = path.relative_to(sources).parts[0]
            covered[module] += file["summary"]["lines"]["covered"]
            lines[module] += file["summary"]["lines"]["count"]
    for module in sorted(lines):
        print(f"{module:<16} {100 * covered[module] / max(1, lines[module]):6.1f}%  of {lines[module]:6} lines")
    total = 100 * sum(covered.values()) / max(1, sum(lines.values()))
    print(f"{'Sources':<16} {total:6.1f}%  of {sum(lines.values()):6} lines; wanted: {WANTED:.0f}%")
    return 0 if total >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
