"""Writes the packaged function's bill of materials as CycloneDX 1.6 JSON.

    python3 dev/sbom.py .build/lambda/bootstrap > .build/lambda/sbom.cdx.json

The versions are those that the program itself reports (`bootstrap --version`), so the list is of that file and no
other, and the same file gives the same list. Debian tracks security by source package: those are the package URLs.
"""

import hashlib
import json
import re
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class Library:
    """Facts of a library that no version changes. `source` is Debian's source package; None: not from Debian."""

    licence: str
    description: str
    source: str | None
    cpe: str | None


LIBRARIES = {
    "OpenSSL": Library("Apache-2.0", "TLS and cryptography", "openssl", "openssl:openssl"),
    "curl": Library("curl", "HTTP client (libcurl, HTTP only)", "curl", "haxx:libcurl"),
    "c-ares": Library("MIT", "DNS resolver", "c-ares", "c-ares:c-ares"),
    "zlib": Library("Zlib", "gzip", "zlib", "zlib:zlib"),
    "expat": Library("MIT", "XML parser", "expat", "libexpat_project:libexpat"),
    "glibc": Library("LGPL-2.1-or-later", "C library", "glibc", "gnu:glibc"),
    "GCC": Library("GPL-3.0-or-later WITH GCC-exception-3.1", "libgcc and libstdc++", "gcc-12", None),
    "Swift": Library("Apache-2.0 WITH Swift-exception", "Swift runtime, standard library, libdispatch", None, None),
}
LINE = re.compile(r"(?P<name>\S+) (?P<version>\S+)(?: \(Debian (?P<debian>\S+)\))?")


def component(name: str, version: str, debian: str | None) -> dict:
    """One linked library. `version` is upstream's own where the library reports one, else Debian's."""
    library = LIBRARIES[name]
    debian = debian or (version if library.source else None)
    # A colon stays as it is in a package URL, and so does a tilde.
    purl = (
        f"pkg:deb/debian/{library.source}@{quote(debian, safe=':~')}?arch=source&distro=debian-12"
        if library.source
        else f"pkg:github/swiftlang/swift@swift-{version}-RELEASE"
    )
    result = {
        "type": "library",
        "bom-ref": name,
        "name": name,
        "version": debian or version,
        "description": library.description,
        "licenses": [{"expression": library.licence}],
        "purl": purl,
    }
    if library.cpe:
        result["cpe"] = f"cpe:2.3:a:{library.cpe}:{version}:*:*:*:*:*:*:*"
    return result


def bill(report: str, digest: str) -> dict:
    """The document for a program that reports this and has this SHA-256."""
    title, commit, *rest = report.splitlines()
    version = title.split()[-1]
    lines = [LINE.fullmatch(line) for line in rest]
    found = {line["name"]: component(**line.groupdict()) for line in lines if line and line["name"] in LIBRARIES}
    if missing := LIBRARIES.keys() - found.keys():
        sys.exit(f"sbom: the program does not say its version of {', '.join(sorted(missing))}: was it packaged?")
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'sha256:' + digest)}",
        "version": 1,
        "metadata": {
            "lifecycles": [{"phase": "build"}],
            "component": {
                "type": "application",
                "bom-ref": "bootstrap",
                "name": "comfy-lambda",
                "version": version,
                "hashes": [{"alg": "SHA-256", "content": digest}],
                "properties": [{"name": "comfy-lambda:commit", "value": commit.removeprefix("commit ")}],
            },
        },
        "components": list(found.values()),
        "dependencies": [
            {"ref": "bootstrap", "dependsOn": list(found)},
            {"ref": "curl", "dependsOn": ["OpenSSL", "c-ares", "zlib"]},
        ],
    }


def main() -> None:
    program = Path(sys.argv[1]).resolve()
    report = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    document = bill(report, hashlib.sha256(program.read_bytes()).hexdigest())
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
