"""What AWS' own description of its API says of the keys of brokers."""

from __future__ import annotations

from typing import Any

from botocore.loaders import Loader

EXCLUDED = "Does not apply to RabbitMQ brokers"


def documented() -> dict[str, str]:
    """What the API's model says of every field, by structure and field; of itself, by structure."""
    model: dict[str, Any] = Loader().load_service_model("mq", "service-2")
    said: dict[str, str] = {}
    for name, shape in model["shapes"].items():
        said[name] = shape.get("documentation", "")
        for field, member in shape.get("members", {}).items():
            said[f"{name}.{field}"] = member.get("documentation", "")
    return said


def test_rabbitmq_takes_a_key_of_ours() -> None:
    """AWS refuses options that do not apply, and the first deployment ends at the broker.

    The decision: docs/decisions/managed-servers.md.
    """
    said = documented()
    excluded = {name for name, text in said.items() if EXCLUDED in text}
    # Were the model to say it no more of anything, this test would say nothing.
    assert "CreateBrokerRequest.LdapServerMetadata" in excluded
    ours = {name for name in said if "EncryptionOptions" in name}
    assert ours >= {"EncryptionOptions.KmsKeyId", "CreateBrokerRequest.EncryptionOptions"}
    assert ours & excluded == set()
