"""A release file names whole images beside versions in the platform's registry."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

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


def borrowing(folder: Path) -> Path:
    """A project whose `stock` runs the image of `cart`."""
    project = small_project(folder / "project")
    for path in (project / "catalog/services").glob("*.yaml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if "stock" in content["services"]:
            content["services"]["stock"]["run"] = {"image": {"of": "cart"}}
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return project


def test_one_version_is_that_of_all_who_run_the_image(tmp_path: Path) -> None:
    """Two versions of one program on one release would be a rollout that nobody tried."""
    project = borrowing(tmp_path)
    (project / "releases/dev.yaml").write_text("services: {cart: 1.2.0}", encoding="utf-8")
    catalog = load_catalog(project)
    release = read_release(project, "releases/dev.yaml", catalog)
    found = release.images(catalog, registry="r.example.com", stand_ins=True)
    assert {found[name].reference for name in ("cart", "stock")} == {"r.example.com/cart:1.2.0"}
    with pytest.raises(InputError) as error:
        release.images(catalog, registry="r.example.com", stand_ins=False)
    assert "stock" not in str(error.value)


def test_a_version_of_who_has_no_image_is_refused(tmp_path: Path) -> None:
    """It would be taken for what runs."""
    project = borrowing(tmp_path)
    text = "services:\n  cart: 1.2.0\n  stock: 1.1.0\n"
    (project / "releases/dev.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_release(project, "releases/dev.yaml", load_catalog(project))
    assert str(error.value) == (
        "releases/dev.yaml:3: service 'stock': it runs the image of 'cart', in its version; remove "
        "it here, or 'run.image' in catalog/services/shop.yaml."
    )


@pytest.mark.parametrize("image", ["library/nginx:1", "docker.io/nginx", "docker.io/A:1", "a//b:1"])
def test_half_an_image_is_refused(image: str, tmp_path: Path) -> None:
    """Every cluster completes it in its own way."""
    with pytest.raises(InputError, match="is no whole image; write its registry"):
        images(tmp_path, f"  cart: {image}\n", registry=None, digests=False)
