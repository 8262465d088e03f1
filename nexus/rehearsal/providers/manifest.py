"""Manifests of Kubernetes objects: as given, as compared, as shown."""

from __future__ import annotations

from nexus.pulumi.wire import Properties, Property, Secret, plain, table, text
from nexus.rehearsal.providers.status import encoded


def normal(inputs: Properties) -> Properties:
    """Inputs as the API server compares them: no secrets, `stringData` merged into `data`."""
    manifest = table(plain(inputs))
    if "stringData" not in manifest:
        return manifest
    data: Properties = {**table(manifest.get("data")), **encoded(manifest["stringData"])}
    return {**{k: v for k, v in manifest.items() if k != "stringData"}, "data": data}


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
