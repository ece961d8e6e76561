"""Brings models from S3 into a folder: models.py s3://BUCKET/PREFIX FOLDER. What is there already stays."""

import errno
import fcntl
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError, NoCredentialsError

GB = 1e9
REPORT_SECONDS = 10


class SyncError(Exception):
    """What went wrong, and what to do about it."""


@dataclass(frozen=True)
class Model:
    """An object, and where it goes to."""

    key: str
    size: int
    modified: float
    path: Path

    @property
    def is_here(self) -> bool:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return False
        return (found.st_size, int(found.st_mtime)) == (self.size, int(self.modified))


def parse(address: str) -> tuple[str, str]:
    """Bucket and prefix; the prefix is a folder's, or empty."""
    scheme, _, rest = address.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise SyncError(f"'{address}' is no address of models; s3://BUCKET/PREFIX is expected.")
    return bucket, prefix.rstrip("/") + "/" if prefix.strip("/") else ""


def listed(s3, bucket: str, prefix: str, folder: Path) -> list[Model]:
    models = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            key = found["Key"]
            if key.endswith("/"):
                continue
            parts = PurePosixPath(key.removeprefix(prefix)).parts
            if not parts or parts[0] == "/" or ".." in parts:
                raise SyncError(f"The key '{key}' would be written outside of {folder}. Rename the object.")
            models.append(Model(key, found["Size"], found["LastModified"].timestamp(), folder.joinpath(*parts)))
    if not models:
        raise SyncError(f"There is nothing under s3://{bucket}/{prefix}. Is the prefix right?")
    return models


class Progress:
    """Says how far it is, every few seconds and at the end."""

    def __init__(self, models: list[Model]):
        self.files, self.bytes = len(models), sum(model.size for model in models)
        self.files_done = self.bytes_done = 0
        self.begin = self.last = time.monotonic()

    def advance(self, count: int) -> None:
        self.bytes_done += count
        if time.monotonic() - self.last >= REPORT_SECONDS:
            self.report()

    def report(self) -> None:
        self.last = time.monotonic()
        rate = self.bytes_done / 1e6 / max(self.last - self.begin, 1e-3)
        say(
            f"{self.files_done} of {self.files} files, {self.bytes_done / GB:.2f} of {self.bytes / GB:.2f} GB, "
            f"{rate:.0f} MB/s"
        )


def fetch(s3, bucket: str, model: Model, progress: Progress) -> None:
    """Whole or not at all: under another name first."""
    model.path.parent.mkdir(parents=True, exist_ok=True)
    part = model.path.with_name(f".{model.path.name}.part")
    try:
        s3.download_file(
            bucket, model.key, str(part), Callback=progress.advance, Config=TransferConfig(max_concurrency=10)
        )
        os.utime(part, (model.modified, model.modified))
        part.replace(model.path)
    finally:
        part.unlink(missing_ok=True)
    progress.files_done += 1


def sync(address: str, folder: Path) -> None:
    bucket, prefix = parse(address)
    folder.mkdir(parents=True, exist_ok=True)
    s3 = boto3.client("s3", config=Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard"}))
    # Workers of one machine may share the folder: the second finds everything there.
    with (folder / ".sync.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for part in folder.rglob(".*.part*"):
            part.unlink()
        models = listed(s3, bucket, prefix, folder)
        missing = [model for model in models if not model.is_here]
        progress = Progress(missing)
        free = shutil.disk_usage(folder).free
        if progress.bytes > free:
            raise SyncError(
                f"The models need {progress.bytes / GB:.2f} GB, and {folder} has {free / GB:.2f} GB left. "
                "Give it a larger volume, or name a narrower prefix."
            )
        say(f"{len(models) - len(missing)} of {len(models)} files are there already")
        for model in missing:
            fetch(s3, bucket, model, progress)
        if missing:
            progress.report()


def explained(error: Exception, address: str, folder: str) -> str:
    """An error's sentence: what it was, and what to do."""
    if isinstance(error, SyncError):
        return str(error)
    if isinstance(error, NoCredentialsError):
        return (
            "There are no AWS credentials. Give the task (ECS) or the service account (Kubernetes) a role with "
            "s3:ListBucket and s3:GetObject."
        )
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        bucket = parse(address)[0]
        return {
            "NoSuchBucket": f"There is no bucket '{bucket}'. Check the name, and AWS_REGION.",
            "InvalidObjectState": "A model is archived (Glacier). Restore it, or move it to another storage class.",
        }.get(code) or (
            f"S3 does not let this role read {address} ({code}). Allow it s3:ListBucket on the bucket and s3:GetObject "
            "on the objects, kms:Decrypt with a key of your own, and look at the endpoint's policy."
            if code in {"403", "AccessDenied", "AllAccessDisabled", "KMS.DisabledException"}
            else f"S3 answers {code or error}. Try again, and look at the bucket."
        )
    if isinstance(error, (ConnectionError, HTTPClientError)):
        return (
            "S3 does not answer. A worker has no way out but to S3: the subnets' route tables need a gateway endpoint "
            "for S3, and the security group must let 443 out to its prefix list."
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"{folder} is full. Give it a larger volume."
    if isinstance(error, OSError):
        return f"Cannot write to {folder} ({error.strerror}). The volume must be writable for user {os.getuid()}."
    return f"The models could not be fetched: {error}"


def say(text: str) -> None:
    print(f"models: {text}", file=sys.stderr, flush=True)


def main() -> int:
    if len(sys.argv) != 3:
        say("usage: models.py s3://BUCKET/PREFIX FOLDER")
        return 2
    address, folder = sys.argv[1:]
    try:
        sync(address, Path(folder))
    except (SyncError, BotoCoreError, Boto3Error, ClientError, OSError) as error:
        say(explained(error, address, folder))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
