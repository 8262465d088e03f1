"""A release file names whole images beside versions in the platform's registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import InputError, load_catalog
from stacks.release import read_release
from tests.projects import small_project

DIGEST = f"sha256:{'0' * 64}"


def images(folder: Path, text: str, *, registry: str | None, digests: bool) -> dict[str, str]:
    project = small_project(folder / "project")
    (project / "releases/dev.yaml").write_text(f"services:\n{text}", encoding="utf-8")
    catalog = load_catalog(project)
    release = read_release(project, "releases/dev.yaml", catalog)
    found = release.images(catalog, registry=registry, stand_ins=True, digests=digests)
    return {name: found[name].reference for name in release.versions}


@pytest.mark.parametrize("registry", [None, "r.example.com/own"])
def test_a_whole_image_is_taken_as_it_is(registry: str | None, tmp_path: Path) -> None:
    """Somebody else's image is in no registry of the platform."""
    text = f"  cart: docker.io/library/nginx:1.27.0\n  front: 'localhost:5000/a/b@{DIGEST}'\n"
    own = "  stock: 1.0.0\n" if registry else ""
    assert images(tmp_path, text + own, registry=registry, digests=False) == {
        "cart": "docker.io/library/nginx:1.27.0",
        "front": f"localhost:5000/a/b@{DIGEST}",
        **({"stock": "r.example.com/own/stock:1.0.0"} if registry else {}),
    }


def test_a_tag_is_refused_where_digests_are_demanded(tmp_path: Path) -> None:
    """A tag can be moved to another image, whoever's registry it is in."""
    text = f"  cart: docker.io/library/nginx:1.27.0\n  front: 'docker.io/a/b@{DIGEST}'\n"
    with pytest.raises(InputError, match="no digest for cart;"):
        images(tmp_path, text, registry=None, digests=True)


@pytest.mark.parametrize("image", ["library/nginx:1", "docker.io/nginx", "docker.io/A:1", "a//b:1"])
def test_half_an_image_is_refused(image: str, tmp_path: Path) -> None:
    """Every cluster completes it in its own way."""
    with pytest.raises(InputError, match="is no whole image; write its registry"):
        images(tmp_path, f"  cart: {image}\n", registry=None, digests=False)
