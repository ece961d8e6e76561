"""Puts AWS's Lambda emulator, aws-lambda-rie, where the argument says.

It lies in the wheel that emulator.txt pins by hash, which pip checks; nothing of that wheel is installed."""

import platform
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
REQUIREMENT = Path(__file__).parent / "emulator.txt"


def main(target: Path) -> None:
    """Downloads the wheel beside the target and takes the one file out of it."""
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        sys.exit(f"aws-lambda-rie is made for x86_64 and arm64, and this machine is {machine}")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input", "--quiet"]
        command += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--dest", folder]
        if subprocess.run([*command, "--requirement", str(REQUIREMENT)], check=False).returncode != 0:
            sys.exit(f"pip could not download what {REQUIREMENT.name} names")
        (wheel,) = Path(folder).glob("*.whl")
        program = Path(folder) / target.name
        program.write_bytes(zipfile.ZipFile(wheel).read(f"samcli/local/rapid/aws-lambda-rie-{ARCHITECTURES[machine]}"))
        program.chmod(0o755)
        program.replace(target)


main(Path(sys.argv[1]).absolute())
