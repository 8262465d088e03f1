"""Turns a secret of AWS Secrets Manager into the files `username` and `password`.

Arguments: the folder, and the name of the JSON document in it, which is removed.
Runs in an init container; Python's standard library is all it needs.
"""

import json
import os
import sys
from pathlib import Path

folder = Path(sys.argv[1])
document = folder / sys.argv[2]
try:
    secret = json.loads(document.read_text(encoding="utf-8"))
    fields = {name: secret[name] for name in ("username", "password")}
except (OSError, ValueError, KeyError, TypeError):
    # The error itself could quote the secret.
    sys.exit(f"{document} is no JSON object with 'username' and 'password'; check the secret.")
for name, value in fields.items():
    if not isinstance(value, str) or not value or not value.isprintable():
        sys.exit(f"field '{name}' of the secret is not one line of text; set it anew.")
    descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o440)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(value)
document.unlink()
