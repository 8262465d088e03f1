"""Stands in for the `aws` command, which needs a server and an image that are not at hand.

Buckets are folders in FAKE_STORE; every call is noted in FAKE_STORE/calls. FAKE_TROUBLE holds
the words of errors that the next calls end with, one per line. The sentences are those that the
real client printed against a real S3-compatible server.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

FAILED = 254


def fail(operation: str, code: str, text: str) -> int:
    """Print what the client prints when a server refuses."""
    print(
        f"\nAn error occurred ({code}) when calling the {operation} operation: {text}",
        file=sys.stderr,
    )
    return FAILED


def main() -> int:
    """Do one call; returns the exit status."""
    store = Path(os.environ["FAKE_STORE"])
    words = sys.argv[1:]
    arguments = dict(zip(words[2::2], words[3::2], strict=True))
    settings = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    settings["config"] = Path(os.environ["AWS_CONFIG_FILE"]).read_text(encoding="utf-8")
    with (store / "calls").open("a", encoding="utf-8") as calls:
        calls.write(json.dumps({"words": words, "settings": settings}) + "\n")
    bucket = store / arguments["--bucket"]
    trouble = store / "trouble"
    errors = trouble.read_text(encoding="utf-8").splitlines() if trouble.exists() else []
    if errors:
        trouble.write_text("\n".join(errors[1:]), encoding="utf-8")
        if errors[0] == "down":
            url = arguments["--endpoint-url"]
            print(f'\nCould not connect to the endpoint URL: "{url}"', file=sys.stderr)
            return 255
        if errors[0] == "ignored":
            head = words[1] == "head-bucket"
            return fail("HeadBucket", "404", "Not Found") if head else 0
        if errors[0] == "raced":
            bucket.mkdir()
            return fail("CreateBucket", "BucketAlreadyOwnedByYou", "It is there already.")
        if errors[0] != "fine":
            operation = "HeadBucket" if words[1] == "head-bucket" else "CreateBucket"
            return fail(operation, errors[0], "Refused")
    if words[:2] == ["s3api", "head-bucket"]:
        return 0 if bucket.is_dir() else fail("HeadBucket", "404", "Not Found")
    bucket.mkdir()
    return 0


if __name__ == "__main__":
    sys.exit(main())
