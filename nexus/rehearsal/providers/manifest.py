"""Manifests of Kubernetes objects: as named, as given, as compared, as shown."""

from __future__ import annotations

import base64
import hashlib
import secrets
import zlib

from nexus.pulumi.resource import AUTONAMED
from nexus.pulumi.wire import Properties, Property, Secret, plain, table, text
from nexus.rehearsal.providers.base import RefusedError


def normal(inputs: Properties) -> Properties:
    """Inputs as the API server compares them: no secrets, `stringData` merged into `data`."""
    return _encoded(table(plain(inputs)))


def with_defaults(manifest: Properties) -> Properties:
    """The object with what the API server fills in: a Secret's type, a Service's address."""
    kind = (manifest.get("apiVersion"), manifest.get("kind"))
    if kind == ("v1", "Secret"):
        return {"data": {}, **_encoded(manifest), "type": manifest.get("type") or "Opaque"}
    spec = table(manifest.get("spec"))
    if kind != ("v1", "Service") or "clusterIP" in spec or spec.get("type") == "ExternalName":
        return manifest
    metadata = table(manifest.get("metadata"))
    number = zlib.crc32(f"{metadata.get('namespace')}/{metadata.get('name')}".encode())
    address = f"10.96.{number >> 8 & 255}.{number & 255}"
    return {**manifest, "spec": {**spec, "clusterIP": address}}


def _encoded(manifest: Properties) -> Properties:
    """The server keeps only `data`, in base64; `stringData` is write-only."""
    if "stringData" not in manifest:
        return manifest
    merged = {key: value for key, value in manifest.items() if key != "stringData"}
    given = {
        key: base64.b64encode(text(value).encode()).decode()
        for key, value in table(manifest["stringData"]).items()
    }
    return {**merged, "data": {**table(manifest.get("data")), **given}}


def shaped(live: Property, like: Property) -> Property:
    """What of `live` the program once gave; what the cluster added is left out."""
    if isinstance(live, dict) and isinstance(like, dict):
        return {key: shaped(live[key], like[key]) for key in like if key in live}
    if isinstance(live, list) and isinstance(like, list):
        same = [shaped(item, model) for item, model in zip(live, like, strict=False)]
        return same + live[len(like) :]
    return live


def content_hidden(inputs: Properties) -> Properties:
    """The content of a Secret is secret, whether the program said so or not."""
    if text(inputs.get("kind")) != "Secret":
        return inputs
    hidden = {key: Secret(plain(inputs[key])) for key in ("data", "stringData") if key in inputs}
    return {**inputs, **hidden}


def outputs_of(inputs: Properties, live: Properties) -> Properties:
    """Return the object as the engine keeps it, secret wherever the inputs are."""
    return content_hidden(table(with_secrets(inputs, live)))


def with_secrets(inputs: Property, outputs: Property) -> Property:
    """`outputs`, secret wherever `inputs` are; a list with a secret in it is secret whole."""
    if isinstance(inputs, dict) and isinstance(outputs, dict):
        return {key: with_secrets(inputs.get(key), value) for key, value in outputs.items()}
    return Secret(outputs) if plain(inputs) != inputs else outputs


def is_annotated(manifest: Properties, annotation: str) -> bool:
    """Whether an annotation of the object is `true`."""
    annotations = table(table(manifest.get("metadata")).get("annotations"))
    return annotations.get(annotation) == "true"


def named(inputs: Properties, old: Properties, resource_name: str, seed: bytes) -> Properties:
    """The inputs with a name: their own, that in `old`, the state, or a new one.

    Raises:
        RefusedError: `generateName` is used, which server-side apply does not allow.
    """
    metadata = table(inputs.get("metadata"))
    if metadata.get("name") is not None:
        return inputs
    if metadata.get("generateName") is not None:
        raise RefusedError(
            "the `.metadata.generateName` field is not supported in Server-Side Apply mode"
        )
    before = table(plain(old.get("metadata")))
    if old and is_annotated(old, AUTONAMED):
        name = text(before.get("name"))
    else:
        suffix = hashlib.sha256(seed).hexdigest()[:8] if seed else secrets.token_hex(4)
        name = f"{resource_name}-{suffix}"
    annotations = {**table(metadata.get("annotations")), AUTONAMED: "true"}
    return {**inputs, "metadata": {**metadata, "name": name, "annotations": annotations}}
