"""Which buckets a catalog may have, and which of them the CDN serves."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from catalog import load_catalog
from graph.rules import RESERVED_BUCKETS, find_problems
from tests.projects import copy_project

MEDIA = {"owner": "content-management", "granted": ["puabo-dsp-upload-mgr"]}


def complaints(folder: Path, buckets: dict[str, object]) -> list[str]:
    """The sentences about the real catalog with other buckets."""
    project = copy_project(folder / "project")
    path = project / "catalog" / "platform.yaml"
    platform = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**platform, "buckets": buckets}), encoding="utf-8")
    return [str(problem) for problem in find_problems(load_catalog(project))]


@pytest.mark.parametrize("name", sorted(RESERVED_BUCKETS))
def test_buckets_of_the_platform_are_taken(tmp_path: Path, name: str) -> None:
    """Two buckets under one name: in AWS one of them would silently be the other."""
    assert complaints(tmp_path, {name: {**MEDIA, "served": True}}) == [
        f"catalog/platform.yaml: bucket '{name}': the platform has a bucket of that name itself; "
        "choose another."
    ]


@pytest.mark.parametrize("name", ["ab", "xn--media", "media-s3alias", "media--ol-s3"])
def test_names_that_s3_refuses(tmp_path: Path, name: str) -> None:
    """The bootstrap Job fails at it, after everything else was made."""
    assert complaints(tmp_path, {name: {**MEDIA, "served": True}}) == [
        f"catalog/platform.yaml: bucket '{name}': S3 refuses that name; write at least three "
        "characters, without 'xn--' in front and '-s3alias' or '--ol-s3' at the end."
    ]


def test_the_cdn_serves_a_bucket(tmp_path: Path) -> None:
    """Media would come from nowhere, and only visitors would notice."""
    assert complaints(tmp_path, {"media": MEDIA}) == [
        "catalog/platform.yaml: 'streamcore' needs 'cdn', but no bucket is served by it; write "
        "'served: true' on the bucket that visitors' media are in."
    ]


def test_the_cdn_serves_one_bucket_alone(tmp_path: Path) -> None:
    """Objects of the other one would be missing, or readable by everybody."""
    films = {"owner": "content-management", "served": True}
    sounds = {"owner": "puabo-dsp-upload-mgr", "served": True}
    assert complaints(tmp_path, {"films": films, "sounds": sounds}) == [
        "catalog/platform.yaml: bucket 'sounds': it is served by the CDN, but so is 'films'; take "
        "'served: true' off one of them."
    ]


def test_any_name_will_do(tmp_path: Path) -> None:
    """A renamed bucket would end in the traceback of whoever looks for the old name."""
    assert complaints(tmp_path, {"films": {**MEDIA, "served": True}}) == []


def test_a_reader_that_may_write_is_refused(tmp_path: Path) -> None:
    """One of the two lines is wrong, and nobody knows which one holds."""
    media = {**MEDIA, "readers": ["puabo-dsp-upload-mgr"], "served": True}
    assert complaints(tmp_path, {"media": media}) == [
        "catalog/platform.yaml: bucket 'media': 'puabo-dsp-upload-mgr' is in 'readers', but may "
        "write as well; take it off 'readers', or off 'granted'."
    ]
