"""What nodes have for pods, and how many of them the services of a catalog need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import ceil

from catalog import Catalog, Problem
from catalog.names import EnvironmentName
from components.aws.sizes import Nodes
from components.kubernetes.limits import largest_size
from components.kubernetes.quantity import shown, thousandths
from components.kubernetes.size import Size
from components.servers.bootstrap_job import FETCH_SIZE
from components.servers.bootstrap_job import SIZE as JOB_SIZE
from stacks.environment import Environment, InAws
from stacks.shape import with_room
from stacks.sizes import pod_size


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What pods ask for together, or a node has for them.

    Args:
        cpu: in thousandths.
        memory: in bytes.
    """

    cpu: int
    memory: int
    pods: int

    def __add__(self, other: Asked) -> Asked:
        return Asked(
            cpu=self.cpu + other.cpu,
            memory=self.memory + other.memory,
            pods=self.pods + other.pods,
        )

    def __mul__(self, number: int) -> Asked:
        return Asked(cpu=self.cpu * number, memory=self.memory * number, pods=self.pods * number)

    def nodes(self, room: Asked) -> int:
        """How many nodes with that much `room` hold it; none for less than nothing."""
        there = ((self.cpu, room.cpu), (self.memory, room.memory), (self.pods, room.pods))
        return max(0, *(ceil(wanted / has) for wanted, has in there))


_MIB = 1024**2

ROOM: Mapping[str, Asked] = {
    "m7i.large": Asked(cpu=1930, memory=7100 * _MIB, pods=29),
    "m7i.xlarge": Asked(cpu=3920, memory=14500 * _MIB, pods=58),
    "g6.xlarge": Asked(cpu=3920, memory=14500 * _MIB, pods=58),
    "g6.2xlarge": Asked(cpu=7910, memory=29400 * _MIB, pods=58),
}
"""What a node of a type has for pods. EKS keeps 255 MiB and 11 MiB a pod for itself, and 70 m of
two CPUs, 80 m of four and 90 m of eight. Sources: the node bootstrap of
https://github.com/awslabs/amazon-eks-ami, and nodeadm/internal/kubelet/eni-max-pods.txt there."""

SYSTEM = Asked(cpu=900, memory=1300 * _MIB, pods=9)
"""What the add-ons of a cluster ask for: DNS, metrics, balancer controller, autoscaler."""

AGENTS = Asked(cpu=150, memory=100 * _MIB, pods=4)
"""What the add-ons ask for on each node: network, proxy, Pod Identity."""


def for_services(instance_types: tuple[str, ...]) -> Asked:
    """What is left for services on a node of the smallest of these types.

    Raises:
        KeyError: for a type that is not in the table; add it.
    """
    rooms = [ROOM[each] + AGENTS * -1 for each in instance_types]
    return Asked(
        cpu=min(each.cpu for each in rooms),
        memory=min(each.memory for each in rooms),
        pods=min(each.pods for each in rooms),
    )


def asked_by(size: Size) -> Asked:
    """What a pod of this size asks for."""
    memory = thousandths(size.memory) // 1000
    return Asked(cpu=thousandths(size.cpu), memory=memory, pods=1)


def sized_nodes(nodes: Nodes, catalog: Catalog, environment: EnvironmentName) -> Nodes:
    """The numbers of nodes of a managed node group, for the services that there are.

    At least as many as hold all services at their least number of pods, with what the cluster
    itself runs and all bootstrap Jobs at once, since a rollout does not wait for nodes. At most
    as the table has it, and on top what services ask for at their most beyond the usual.

    Args:
        nodes: as the environment table has them.
    """
    usual = catalog.environments[environment].usual
    usual_pod = asked_by(pod_size(usual.size))
    sizings = {name: catalog.sizing(name, environment) for name in catalog.services}
    job = asked_by(largest_size((JOB_SIZE, FETCH_SIZE)))
    jobs = sum(
        len(edge.parts)
        for edge in catalog.edges
        if catalog.base(edge.target) in ("postgres", "queue")
    )
    needed, beyond = SYSTEM + job * jobs, Asked(cpu=0, memory=0, pods=0)
    for name, sizing in sizings.items():
        pod = asked_by(with_room(pod_size(sizing.size), catalog.services[name].run))
        needed += pod * sizing.least
        beyond += pod * sizing.most + usual_pod * -usual.most
    room = for_services(nodes.instance_types)
    least = max(nodes.least, needed.nodes(room))
    on_gpus = [sizings[edge.source] for edge in catalog.edges_to("gpu")]
    return replace(
        nodes,
        least=least,
        most=max(least, nodes.most + beyond.nodes(room)),
        gpu_least=max(nodes.gpu_least, sum(each.least for each in on_gpus)),
        gpu_limit=max(nodes.gpu_limit, sum(each.most for each in on_gpus)),
    )


def unfit_pods(environment: Environment, catalog: Catalog, *, managed: bool) -> Iterator[Problem]:
    """Every service whose pods are larger than a node, so that they wait for one in vain.

    Args:
        catalog: the services, and the largest node where that is known.
        managed: whether this program makes the nodes, of the environment's instance types.
    """
    on_gpus = {edge.source for edge in catalog.edges_to("gpu")}
    for name, service in catalog.services.items():
        sizing = catalog.sizing(name, environment.name)
        node = _node(environment, catalog, managed=managed, gpu=name in on_gpus)
        if node is None:
            continue
        size = with_room(pod_size(sizing.size), service.run)
        asked = asked_by(size)
        for what, amount, wanted, room in (
            ("cpu", size.cpu, asked.cpu, node.room.cpu),
            ("memory", size.memory, asked.memory, node.room.memory),
        ):
            if wanted > room:
                has = shown(room if what == "cpu" else room * 1000)
                yield sizing.size_at.problem(
                    f"a pod of '{name}' asks for {amount} of {what} in {environment.name}, but "
                    f"{node.words} {has} for it; write at most that, or {node.way_out}."
                )


@dataclass(frozen=True, kw_only=True)
class _Node:
    """The node that a pod has to fit on.

    Args:
        room: what it has for services.
        words: how to say so, before the amount.
        way_out: how to get a larger one, after `write`.
    """

    room: Asked
    words: str
    way_out: str


def _node(environment: Environment, catalog: Catalog, *, managed: bool, gpu: bool) -> _Node | None:
    """The node of a service's pods; None where nobody knows, or one is made as they ask for it."""
    platform = environment.platform
    if isinstance(platform, InAws) and (managed or gpu):
        types = platform.nodes.gpu_types if gpu else platform.nodes.instance_types
        if not (managed and types):
            return None
        agents = f"less {shown(AGENTS.cpu)} and {shown(AGENTS.memory * 1000)} of its agents"
        return _Node(
            room=for_services(types),
            words=f"a node ({' or '.join(types)}, {agents}) has",
            way_out="larger types of nodes into stacks/environment.py",
        )
    node = catalog.environments[environment.name].node
    if node is None:
        return None
    return _Node(
        room=Asked(cpu=thousandths(node.cpu), memory=thousandths(node.memory) // 1000, pods=0),
        words="its largest node has",
        way_out="what your nodes have into catalog/sizes.yaml, field "
        f"'environments.{environment.name}.node'",
    )
