"""A service has the size and the pods that its entry says, and its namespace has room for them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog, InputError, load_catalog
from catalog.names import EnvironmentName
from catalog.size import Amount, EnvironmentSizes, Place, ScaleOn, Size, Sizing
from components.kubernetes.limits import Share, quota
from nexus.plan.plan import Plan, make_plan
from stacks.limits import pods_of
from tests.projects import small_project
from tests.random_catalogs import catalog_of, service

SAID: dict[str, dict[str, object]] = {
    "stock": {"size": "large", "replicas": {"least": 2, "most": 4, "scale_on": {"memory": 75}}},
    "cart": {
        "size": {
            "cpu": {"request": "20m", "limit": 1},
            "memory": {"request": "96Mi", "limit": "160Mi"},
            "ephemeral_storage": {"request": "48Mi", "limit": "300Mi"},
        },
        "environments": {"dev": {"replicas": {"most": 3}}, "prod": {"size": "large"}},
    },
}


def sized_project(folder: Path, said: dict[str, dict[str, object]]) -> Path:
    """The small project, with what its services say of their sizes."""
    project = small_project(folder / "project")
    path = project / "catalog/services/shop.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, each in said.items():
        content["services"][name] |= each
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def sized(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return make_plan(sized_project(tmp_path_factory.mktemp("sized"), SAID), "dev")


def test_containers_are_as_large_as_said(sized: Plan) -> None:
    """A service that needs more than it gets is killed, again and again."""
    found = {
        each.name: each.inputs["spec"]["template"]["spec"]["containers"][0]["resources"]
        for each in sized.named()
        if each.type == "kubernetes:apps/v1:Deployment"
    }
    assert found["stock"] == {
        "requests": {"cpu": "50m", "memory": "256Mi", "ephemeral-storage": "64Mi"},
        "limits": {"cpu": "1", "memory": "256Mi", "ephemeral-storage": "256Mi"},
    }
    assert found["cart"] == {
        "requests": {"cpu": "20m", "memory": "96Mi", "ephemeral-storage": "48Mi"},
        "limits": {"cpu": "1", "memory": "160Mi", "ephemeral-storage": "300Mi"},
    }
    # What says nothing stays as it was.
    assert found["front"] == {
        "requests": {"cpu": "10m", "memory": "64Mi", "ephemeral-storage": "32Mi"},
        "limits": {"cpu": "500m", "memory": "64Mi", "ephemeral-storage": "256Mi"},
    }


def test_autoscalers_keep_the_numbers_said(sized: Plan) -> None:
    """More pods than somebody meant are more connections and more money."""
    found = {
        each.name.removesuffix("-autoscaler"): each.inputs["spec"]
        for each in sized.named()
        if each.type.endswith(":HorizontalPodAutoscaler")
    }
    numbers = {name: (spec["minReplicas"], spec["maxReplicas"]) for name, spec in found.items()}
    assert numbers == {"stock": (2, 4), "cart": (1, 3), "front": (1, 2)}
    used = {name: spec["metrics"][0]["resource"]["name"] for name, spec in found.items()}
    assert used == {"stock": "memory", "cart": "cpu", "front": "cpu"}


def test_what_is_not_said_is_the_environments(tmp_path: Path) -> None:
    """A service would be as large in prod as it is on a laptop, or the other way round."""
    catalog = load_catalog(sized_project(tmp_path, SAID))
    memory = {
        environment: catalog.sizing("cart", environment).size.memory
        for environment in catalog.environments
    }
    said = Amount(request="96Mi", limit="160Mi")
    assert memory == {"dev": said, "staging": said, "prod": Amount(request="2Gi", limit="2Gi")}
    assert [catalog.sizing("cart", e).most for e in catalog.environments] == [3, 3, 6]
    assert [catalog.sizing("stock", e).least for e in catalog.environments] == [2, 2, 2]
    assert catalog.sizing("cart", "dev").size.connections == 2


@pytest.mark.parametrize(
    ("replicas", "pods"), [({"most": 2}, (2, 2)), ({"least": 9}, (9, 9)), ({"least": 1}, (1, 6))]
)
def test_the_number_that_is_not_said_gives_way(
    replicas: dict[str, object], pods: tuple[int, int], tmp_path: Path
) -> None:
    """An autoscaler with more pods at least than at most is refused by the API server."""
    catalog = load_catalog(sized_project(tmp_path, {"cart": {"replicas": replicas}}))
    sizing = catalog.sizing("cart", "prod")
    assert (sizing.least, sizing.most) == pods


def test_a_project_without_sizes_has_the_usual_ones(tmp_path: Path) -> None:
    """Who starts with a catalog of one service should not have to fill in a table first."""
    project = small_project(tmp_path / "project")
    (project / "catalog/sizes.yaml").unlink()
    assert load_catalog(project).sizing("cart", "dev").least >= 1
    (project / "catalog/sizes.yaml").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match=r"catalog/sizes\.yaml: the file is empty"):
        load_catalog(project)


NOWHERE = Place(file="catalog/services/alpha.yaml", line=None, words="field 'size'")
UNITS = {"m": Fraction(1, 1000), "": Fraction(1), "Ki": Fraction(2**10), "Mi": Fraction(2**20)}


def worth(quantity: str) -> Fraction:
    """What a quantity is, reckoned without the code that is tested."""
    number = quantity.rstrip("mKi M")
    return int(number) * UNITS[quantity[len(number) :]]


@st.composite
def amounts(draw: st.DrawFn, unit: str) -> Amount:
    request = draw(st.integers(1, 4000))
    return Amount(request=f"{request}{unit}", limit=f"{request + draw(st.integers(0, 99))}{unit}")


@st.composite
def sizings(draw: st.DrawFn) -> Sizing:
    least = draw(st.integers(1, 20))
    return Sizing(
        size=Size(
            cpu=draw(amounts(draw(st.sampled_from(["m", ""])))),
            memory=draw(amounts(draw(st.sampled_from(["Ki", "Mi"])))),
            ephemeral_storage=draw(amounts("Mi")),
            connections=draw(st.integers(1, 50)),
        ),
        least=least,
        most=least + draw(st.integers(0, 20)),
        scale_on=ScaleOn(cpu=70),
        size_at=NOWHERE,
        replicas_at=NOWHERE,
        scale_at=NOWHERE,
    )


def sized_catalog(own: list[Sizing]) -> Catalog:
    """A catalog of one domain whose services have these sizes in prod."""
    environment: EnvironmentName = "prod"
    usual = EnvironmentSizes(usual=own[0], node=None, queue_metric=None, metrics=())
    services = [
        replace(service(f"s{number}"), sizings={environment: each})
        for number, each in enumerate(own)
    ]
    return replace(catalog_of(services, []), environments={environment: usual})


@given(st.lists(sizings(), min_size=1, max_size=6))
def test_a_quota_holds_a_rollout_of_everything(own: list[Sizing]) -> None:
    """A quota that is full stops a rolling update in the middle, on the busiest day."""
    pods = pods_of("alpha", sized_catalog(own), "prod")
    hard = quota(Share(namespace="alpha", pods=pods))
    # All pods of a busy service are replaced one by one: one that starts, and those that end.
    running = [(each.size, each.most + 1 + each.most) for each in own]
    assert int(hard["pods"]) >= sum(count for _, count in running)
    for name, kind in {
        "cpu": "cpu",
        "memory": "memory",
        "ephemeral-storage": "ephemeral_storage",
    }.items():
        for bound in ("request", "limit"):
            used = sum(
                worth(getattr(getattr(size, kind), bound)) * count for size, count in running
            )
            assert worth(hard[f"{bound}s.{name}"]) >= used
