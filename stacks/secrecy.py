"""Where a setting may hold an encrypted value, so that it stays secret all the way."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pydantic import BaseModel

from catalog.document import At
from catalog.validation import fields_at, is_secret, secrets_below

PLAIN, SECRET = "variables", "secretVariables"
"""Settings with the values of environment variables: as such, and as files."""


def unkept_secrets(
    model: type[BaseModel], project: str, encrypted: Collection[At], secret_keys: Collection[str]
) -> Iterator[str]:
    """What would be deployed in the clear though it is encrypted, a sentence each.

    Args:
        model: the settings.
        project: name in front of every setting's key.
        encrypted: places of the encrypted values that are known.
        secret_keys: settings that hold one, wherever in them that is.
    """
    known = fields_at(model, ())
    for at in encrypted:
        if at[0] in known and not is_secret(model, at):
            yield _sentence(model, project, at)
    for key in sorted(set(secret_keys) - {at[0] for at in encrypted}):
        if key in known and not any(secrets_below(model, (key,))):
            yield _sentence(model, project, (key,))


def _sentence(model: type[BaseModel], project: str, at: At) -> str:
    place = _path(project, at)
    if at[0] == PLAIN:
        named = (*at[1:], *("<service>", "<VARIABLE>")[len(at) - 1 :])
        return (
            f"setting '{place}' is encrypted, but the values of variables stand in the clear in "
            f"the cluster and in the state; run: pulumi config rm --path '{place}', then: pulumi "
            f"config set --secret --path '{_path(project, (SECRET, *named))}'"
        )
    below = [_path(project, each) for each in secrets_below(model, at)]
    if below:
        return (
            f"setting '{place}' is encrypted as a whole, but most of it stands in the clear in "
            "what is deployed; write it as plain text, and for the rest run: pulumi config set "
            f"--secret --path '{below[0]}'"
        )
    return (
        f"setting '{place}' is encrypted, but what it says stands in the clear in what is "
        "deployed and in the state; write it as plain text."
    )


def _path(project: str, at: At) -> str:
    """A place as the command line's option `--path` wants it."""
    return f"{project}:" + "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in at
    ).removeprefix(".")
