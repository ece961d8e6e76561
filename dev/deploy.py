"""What `make deploy` does: looks that it can, says what it will do, builds, and lets sam show its change set and ask.

Read from the environment: ENV (a section of samconfig.toml), PARAMETERS (more `Name=value`, separated by spaces; they
win over samconfig.toml's), YES (ask nothing). Runs in the environment of dev/sam.sh, which has boto3 and sam.
"""

import hashlib
import os
import platform
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[1]
MACHINES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def fail(sentence: str) -> NoReturn:
    sys.exit(f"deploy: {sentence}")


def settings(environment: str) -> dict[str, Any]:
    """An environment's section of samconfig.toml."""
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    known = [name for name, section in config.items() if isinstance(section, dict) and "deploy" in section]
    if environment not in known:
        named = f"there is no environment '{environment}'" if environment else "ENV is missing"
        fail(f"{named}. samconfig.toml has {', '.join(known)}: make deploy ENV={known[0]}")
    return config[environment]["deploy"]["parameters"]


def parameters(section: dict[str, Any], more: str) -> dict[str, str]:
    """samconfig.toml's parameter_overrides, and those given on the command line over them."""
    overrides = section.get("parameter_overrides", [])
    words = [*(shlex.split(overrides) if isinstance(overrides, str) else overrides), *shlex.split(more)]
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isalnum():
            fail(f"'{word}' is no parameter; expected Name=value, such as ComfyUIURLs=http://10.0.1.17:8188")
        found[name] = value
    return found


def caller(region: str | None) -> tuple[str, str, str]:
    """Account, ARN and region of whoever deploys."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ProfileNotFound

    try:
        session = boto3.Session(region_name=region or os.environ.get("AWS_REGION"))
        if not session.region_name:
            fail("no region is set. Set AWS_REGION, or region in your AWS profile")
        identity = session.client("sts").get_caller_identity()
    except NoCredentialsError:
        fail("there are no AWS credentials. Log in (aws sso login, aws configure) or set AWS_PROFILE")
    except ProfileNotFound as error:
        fail(f"{error}. Set AWS_PROFILE to one of your profiles")
    except ClientError as error:
        code = error.response["Error"]["Code"]
        fail(f"AWS does not take the credentials ({code}). They may have expired: log in again")
    except BotoCoreError as error:
        fail(f"AWS cannot be asked who you are: {error}")
    return identity["Account"], identity["Arn"], session.region_name


def release(values: dict[str, str]) -> str:
    """Code, template and parameters in one: the same again publishes no new version."""
    digest = hashlib.sha256()
    for part in (ROOT / ".build/lambda/bootstrap", ROOT / "template.yaml"):
        digest.update(hashlib.sha256(part.read_bytes()).digest())
    digest.update("\n".join(f"{name}={values[name]}" for name in sorted(values) if name != "Release").encode())
    return digest.hexdigest()[:16]


def run(*command: str) -> None:
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status:
        fail(f"'{' '.join(command[:2])}' ended with status {status}; what it said stands above")


def main() -> None:
    environment = os.environ.get("ENV", "")
    section = settings(environment)
    values = parameters(section, os.environ.get("PARAMETERS", ""))
    asks = not os.environ.get("YES")
    if asks and not sys.stdin.isatty():
        fail("nobody can be asked here (standard input is no terminal). Say YES=1 to deploy without a question")
    machine = MACHINES.get(platform.machine(), platform.machine())
    wanted = values.get("Architecture", "x86_64")
    if wanted != machine:
        fail(
            f"the functions are to run on {wanted}, and this machine builds for {machine}. Set Architecture={machine}, "
            f"or deploy from a machine of that kind"
        )
    account, arn, region = caller(section.get("region"))
    stack = section["stack_name"]
    print(f"Deploys the stack {stack} to account {account}, region {region}, as {arn}:")
    for name in sorted(values):
        print(f"  {name} = {values[name]}")
    run("make", "--no-print-directory", "package")
    run("sam", "build")
    values["Release"] = release(values)
    # sam reads one word a parameter, with quotes of its own.
    overrides = [f'{name}="{value}"' for name, value in values.items()]
    confirm = "--confirm-changeset" if asks else "--no-confirm-changeset"
    run("sam", "deploy", "--config-env", environment, "--region", region, confirm, "--parameter-overrides", *overrides)
    print(f"The stack {stack} is deployed. Its addresses are above; try it: make smoke URL=<ApiUrl>")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("deploy: interrupted; what CloudFormation has begun goes on")
