"""dev/sbom.py: a valid CycloneDX document that says what the packaged program says."""

import hashlib
import json
import subprocess
import sys

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from process import DEV

BOOTSTRAP = DEV.parent / ".build/lambda/bootstrap"
# As Debian's database has them: `dpkg-query -W -f '${source:Package}' libssl-dev` and so on.
SOURCES = {
    "OpenSSL": "libssl-dev",
    "c-ares": "libc-ares-dev",
    "zlib": "zlib1g-dev",
    "expat": "libexpat1-dev",
    "glibc": "libc6-dev",
    "GCC": "libgcc-12-dev",
}


@pytest.fixture(scope="module")
def document() -> dict:
    assert BOOTSTRAP.exists(), "there is no package: run 'make package' first"
    result = subprocess.run([sys.executable, DEV / "sbom.py", BOOTSTRAP], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_it_is_valid(document: dict) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document)) is None


def test_it_is_of_the_packaged_file(document: dict) -> None:
    hashes = document["metadata"]["component"]["hashes"]
    assert hashes == [{"alg": "SHA-256", "content": hashlib.sha256(BOOTSTRAP.read_bytes()).hexdigest()}]


@pytest.mark.parametrize("name", SOURCES)
def test_versions_and_sources_are_those_of_debian(document: dict, name: str) -> None:
    wanted = ["dpkg-query", "-W", "-f", "${source:Package} ${Version}", SOURCES[name]]
    source, version = subprocess.run(wanted, check=True, capture_output=True, text=True).stdout.split()
    found = next(each for each in document["components"] if each["name"] == name)
    purl = PackageURL.from_string(found["purl"])
    assert (purl.type, purl.namespace, purl.name, purl.version) == ("deb", "debian", source, version)
    assert found["version"] == version
    assert found["licenses"]


def test_nothing_linked_is_missing(document: dict) -> None:
    names = {each["name"] for each in document["components"]}
    assert names == {*SOURCES, "curl", "Swift"}


def test_a_program_that_was_not_packaged_is_refused(tmp_path) -> None:
    program = tmp_path / "bootstrap"
    program.write_text("#!/bin/sh\nprintf 'comfy-lambda bootstrap 1.0.0\\ncommit unknown\\nOpenSSL 3.0.1\\n'\n")
    program.chmod(0o755)
    result = subprocess.run([sys.executable, DEV / "sbom.py", program], capture_output=True, text=True)
    assert result.returncode == 1
    assert "was it packaged?" in result.stderr
