"""Who gets the key of a rehearsal's secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from nexus.rehearsal.keys import kept_keys


def ask(keys: Mapping[str, str], path: str, **content: str) -> Any:
    request = Request(
        f"{keys['VAULT_SERVER_URL']}/v1/transit/{path}/rehearsal",
        data=json.dumps(content).encode(),
        headers={"X-Vault-Token": keys["VAULT_SERVER_TOKEN"]},
        method="PUT",
    )
    with urlopen(request) as answer:
        return json.load(answer)["data"]


def test_a_key_comes_back_and_its_name_does_not_tell_it() -> None:
    """What stands in the files of a rehearsal would open its secrets."""
    with kept_keys() as keys:
        names = [ask(keys, "encrypt", plaintext=key)["ciphertext"] for key in ("a2V5", "b3Ro")]
        opened = [ask(keys, "decrypt", ciphertext=name)["plaintext"] for name in names]
    assert opened == ["a2V5", "b3Ro"]
    assert not any(key in name for key in opened for name in names)


def test_without_the_token_there_is_no_key() -> None:
    """Other users of the machine reach the port, too."""
    with kept_keys() as keys:
        name = ask(keys, "encrypt", plaintext="a2V5")["ciphertext"]
        with pytest.raises(HTTPError, match="403"):
            ask({**keys, "VAULT_SERVER_TOKEN": "guessed"}, "decrypt", ciphertext=name)
        with pytest.raises(HTTPError, match="400"):
            ask(keys, "decrypt", ciphertext="vault:v1:guessed")


def test_one_rehearsal_does_not_keep_the_keys_of_another() -> None:
    """A state that two could read would not be gone with the first."""
    with kept_keys() as one, kept_keys() as other:
        name = ask(one, "encrypt", plaintext="a2V5")["ciphertext"]
        with pytest.raises(HTTPError, match="400"):
            ask(other, "decrypt", ciphertext=name)
