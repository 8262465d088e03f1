"""A service has the size and the pods that its entry says, and its namespace has room for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog, InputError, load_catalog
from catalog.document import Location
from catalog.names import EnvironmentName
from catalog.size import BytesEntry, EnvironmentSizes, ScaleOnEntry, SizeEntry, Sizing
from components.kubernetes.limits import Share, quota
from nexus.plan.plan import Plan, make_plan
from stacks.capacity import check_capacity, postgres_connections
from stacks.environment import ENVIRONMENTS, InAws
from stacks.limits import pods_of
from stacks.nodes import sized_nodes
from stacks.sizes import broker_connections, database_connections
from tests.projects import small_project
from tests.random_catalogs import catalog_of, edge, service

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


def sized_project(folder: Path, said: Mapping[str, Mapping[str, object]]) -> Path:
    """The small project, with what its services say of their sizes."""
    project = small_project(folder / "project")
    path = project / "catalog/services/shop.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, each in said.items():
        content["services"][name].update(each)
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
    said = BytesEntry(request="96Mi", limit="160Mi")
    assert memory == {"dev": said, "staging": said, "prod": BytesEntry(request="2Gi")}
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


NOWHERE = Location(file="catalog/services/alpha.yaml", line=None, words="field 'size'")
UNITS = {
    "m": Fraction(1, 1000),
    "": Fraction(1),
    **{f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGT", start=1)},
}


def worth(quantity: str) -> Fraction:
    """What a quantity is, reckoned without the code that is tested."""
    number = quantity.rstrip("KMGTim")
    return int(number) * UNITS[quantity[len(number) :]]


@st.composite
def amounts(draw: st.DrawFn, unit: str) -> dict[str, str]:
    request = draw(st.integers(1, 4000))
    return {"request": f"{request}{unit}", "limit": f"{request + draw(st.integers(0, 99))}{unit}"}


@st.composite
def sizings(draw: st.DrawFn) -> Sizing:
    least = draw(st.integers(1, 20))
    return Sizing(
        size=SizeEntry.model_validate(
            {
                "cpu": draw(amounts(draw(st.sampled_from(["m", ""])))),
                "memory": draw(amounts(draw(st.sampled_from(["Ki", "Mi"])))),
                "ephemeral_storage": draw(amounts("Mi")),
                "connections": draw(st.integers(1, 50)),
            }
        ),
        least=least,
        most=least + draw(st.integers(0, 20)),
        scale_on=ScaleOnEntry(cpu=70),
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


@given(sizings())
def test_every_pod_of_a_rolling_update_gets_its_connections(sizing: Sizing) -> None:
    """The last pod of a busy service starts, and is told that there are too many already."""
    pods = sizing.most + 1 + 1
    assert database_connections(sizing) >= pods * sizing.size.connections
    assert broker_connections(sizing) >= pods * 2
    assert database_connections(sizing) >= 20


@given(st.lists(sizings(), min_size=1, max_size=5))
def test_the_server_in_the_cluster_takes_all_connections(own: list[Sizing]) -> None:
    """The server refuses everybody once one more service is busy."""
    catalog = sized_catalog(own)
    edges = tuple(edge(name, "postgres") for name in catalog.services)
    taken = postgres_connections(ENVIRONMENTS["prod"], replace(catalog, edges=edges), "postgres")
    # Three are the superuser's, and each running Job takes one.
    assert taken >= sum(map(database_connections, own)) + 3 + 10


@given(st.lists(sizings(), min_size=1, max_size=5))
def test_nodes_hold_all_pods_at_their_least(own: list[Sizing]) -> None:
    """The first deployment fails while it waits for nodes that are still to start."""
    platform = ENVIRONMENTS["prod"].platform
    assert isinstance(platform, InAws)
    nodes = sized_nodes(platform.nodes, sized_catalog(own), "prod")
    cpu = sum(worth(each.size.cpu.request) * each.least for each in own)
    memory = sum(worth(each.size.memory.request) * each.least for each in own)
    # A node of m7i.xlarge has 3.92 CPUs, 14500 MiB and 58 pods, less those of its agents.
    assert nodes.least * Fraction(377, 100) >= cpu + Fraction(9, 10)
    assert nodes.least * 14400 * 2**20 >= memory + 1300 * 2**20
    assert nodes.least * 54 >= sum(each.least for each in own) + 9
    assert nodes.most >= nodes.least >= platform.nodes.least


def test_nodes_follow_what_services_ask_for_beyond_the_usual(tmp_path: Path) -> None:
    """Pods stay pending on a busy day, since the node group may not grow."""
    platform = ENVIRONMENTS["prod"].platform
    assert isinstance(platform, InAws)
    large = {"size": {"cpu": 3, "memory": "4Gi"}, "replicas": {"least": 8, "most": 40}}
    catalog = load_catalog(sized_project(tmp_path, {"cart": large}))
    nodes = sized_nodes(platform.nodes, catalog, "prod")
    # 24 CPUs for the least, 0.3 for each other service, 0.9 for the cluster, 0.02 for Jobs.
    assert nodes.least == 7
    # 40 pods of 3 CPUs each in the place of 6 of 0.1 are 119.4 CPUs more, at 3.77 a node.
    assert nodes.most == platform.nodes.most + 32


REFUSED: list[tuple[EnvironmentName, dict[str, object], str]] = [
    (
        "dev",
        {"size": {"memory": "8Gi"}},
        "a pod of 'cart' asks for 8Gi of memory in dev, but its largest node has 4Gi for it; "
        "write at most that, or what your nodes have into catalog/sizes.yaml, field "
        "'environments.dev.node'.",
    ),
    (
        "staging",
        {"size": {"cpu": 2}},
        "a pod of 'cart' asks for 2 of cpu in staging, but a node (m7i.large, less 150m and 100Mi "
        "of its agents) has 1780m for it; write at most that, or larger types of nodes into "
        "stacks/environment.py.",
    ),
    (
        "prod",
        {"size": {"cpu": {"request": 2, "limit": "1500m"}}},
        "'cpu' asks for 2, which is more than its limit of 1500m in prod; write a limit of at "
        "least 2.",
    ),
    (
        "prod",
        {"size": {"ephemeral_storage": "1Gi"}},
        "'ephemeral_storage' has a limit of 1Gi in prod, but /tmp may hold 1Gi and logs 50Mi; "
        "write a limit of at least 1074Mi.",
    ),
]


@pytest.mark.parametrize(("environment", "said", "message"), REFUSED)
def test_what_cannot_fit_is_refused(
    environment: EnvironmentName, said: dict[str, object], message: str, tmp_path: Path
) -> None:
    """A pod that fits on no node is pending for ever, and the rollout fails without saying why."""
    catalog = load_catalog(sized_project(tmp_path, {"cart": said}))
    with pytest.raises(InputError) as raised:
        check_capacity(ENVIRONMENTS[environment], catalog, managed=True)
    [problem] = raised.value.problems
    assert problem.message == f"service 'cart', field 'size': {message}"
    assert problem.file == "catalog/services/shop.yaml"
    assert problem.line is not None


def test_more_connections_than_the_server_has_are_refused(tmp_path: Path) -> None:
    """The last service to get busy is refused, whichever it is."""
    said = {"size": {"connections": 40}, "replicas": {"most": 60}}
    catalog = load_catalog(sized_project(tmp_path, {"cart": said}))
    with pytest.raises(InputError) as raised:
        check_capacity(ENVIRONMENTS["staging"], catalog, managed=False)
    # 40 connections of each of 60 pods, one that starts and one that ends.
    assert str(raised.value) == (
        "catalog/platform.yaml: resource 'postgres': 1 service at 2480 connections each (cart), "
        "and 20 for bootstrap Jobs and people, are 2,500, but db.r7g.large in staging takes "
        "1,678; write fewer pods or a size with fewer 'connections' at 'cart', a larger instance "
        "class into stacks/environment.py, or 'dedicated: true' on the need of a service that can "
        "have a server of its own."
    )


@pytest.mark.parametrize(
    ("scale_on", "message"),
    [
        ({"queue": {"name": "jobs", "length": 9}}, "nothing serves the length of a queue in dev;"),
        ({"metric": {"name": "waiting", "value": 3}}, "nothing serves 'waiting' in dev;"),
    ],
)
def test_a_metric_that_nothing_serves_is_refused(
    scale_on: dict[str, object], message: str, tmp_path: Path
) -> None:
    """An autoscaler without its metric never adds a pod, and says so to nobody."""
    said = {"needs": ["stock", "queue"], "replicas": {"scale_on": scale_on}}
    project = sized_project(tmp_path, {"cart": said})
    with pytest.raises(InputError, match="field 'replicas.scale_on': " + message):
        make_plan(project, "dev")


def test_a_queue_is_scaled_on_where_its_length_is_served(tmp_path: Path) -> None:
    """A worker's queue grows while its pods are idle, for they wait for something else."""
    queue = {"queue": {"name": "jobs", "length": 9}}
    project = sized_project(
        tmp_path, {"cart": {"needs": ["stock", "queue"], "replicas": {"scale_on": queue}}}
    )
    path = project / "catalog/sizes.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["environments"]["dev"]["queue_metric"] = "rabbitmq_queue_messages_ready"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    plan = make_plan(project, "dev")
    [scaler] = [each for each in plan.named() if each.name == "cart-autoscaler"]
    assert scaler.inputs["spec"]["metrics"] == [
        {
            "type": "External",
            "external": {
                "metric": {
                    "name": "rabbitmq_queue_messages_ready",
                    "selector": {"matchLabels": {"queue": "jobs", "vhost": "cart"}},
                },
                "target": {"type": "AverageValue", "averageValue": "9"},
            },
        }
    ]
