"""The platform's dependency document, transcribed by hand, and the decisions taken on its gaps.

Nothing here comes from the catalog: tests hold the catalog (and what is
generated from it) against this file, so that an edge added, removed or turned
round by mistake is noticed. Change it only when the document or a decision in
docs/decisions changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

Pair: TypeAlias = tuple[str, str]
"""(source, target): source needs target."""

Trees: TypeAlias = Mapping[str, Mapping[str, tuple[str, ...]]]

# --- The document, in its own words ---------------------------------------------------------

TREES: Final[Trees] = {
    "Authentication Layer": {
        "auth-service": ("user-auth", "auth-service-v2"),
        "user-auth": ("Database", "session-mgr"),
        "session-mgr": ("Redis", "token-mgr"),
        "token-mgr": ("Redis", "key-service"),
        "key-service": ("Database",),
        "auth-service-v2": ("auth-service", "token-mgr"),
    },
    "API Gateway Layer": {
        "backend-api": ("All downstream services", "Auth services", "Load balancer"),
    },
    "Content & Streaming": {
        "streaming-service-v2": ("streamcore", "content-management", "session-mgr"),
        "streamcore": ("Database", "CDN"),
        "content-management": ("Database", "Storage service"),
        "puabo-dsp-streaming-api": ("streamcore", "puabo-dsp-metadata-mgr"),
        "puabo-dsp-metadata-mgr": ("Database",),
        "puabo-dsp-upload-mgr": (
            "Storage service",
            "content-management",
            "puabo-dsp-metadata-mgr",
        ),
    },
    "Business Services": {
        "billing-service": (
            "Database",
            "Payment gateway (external)",
            "invoice-gen",
            "auth-service",
        ),
        "invoice-gen": ("Database", "ledger-mgr"),
        "ledger-mgr": ("Database",),
        "scheduler": ("Database", "Redis", "Message queue"),
    },
    "AI Services": {
        "kei-ai": ("ai-service", "Database"),
        "ai-service": ("ML models", "GPU resources"),
        "nexus-cos-studio-ai": ("kei-ai", "content-management"),
        "puaboai-sdk": ("ai-service",),
        "puabo-nexus-ai-dispatch": ("kei-ai", "scheduler", "puabo-nexus-fleet-manager"),
    },
    "E-Commerce Services": {
        "puabo-nuki-order-processor": (
            "puabo-nuki-product-catalog",
            "puabo-nuki-inventory-mgr",
            "billing-service",
            "puabo-nuki-shipping-service",
        ),
        "puabo-nuki-product-catalog": ("Database",),
        "puabo-nuki-inventory-mgr": ("Database", "Redis"),
        "puabo-nuki-shipping-service": ("puabo-nexus-route-optimizer", "External shipping APIs"),
    },
    "Financial Services": {
        "puabo-blac-loan-processor": (
            "puabo-blac-risk-assessment",
            "billing-service",
            "Database",
        ),
        "puabo-blac-risk-assessment": ("ai-service", "ledger-mgr", "External credit APIs"),
        "ledger-mgr": ("Database", "Blockchain service"),
    },
    "Logistics Services": {
        "puabo-nexus-fleet-manager": ("Database", "scheduler", "Redis"),
        "puabo-nexus-driver-app-backend": (
            "puabo-nexus-fleet-manager",
            "puabo-nexus-route-optimizer",
            "session-mgr",
            "Database",
        ),
        "puabo-nexus-route-optimizer": ("ai-service", "Maps API (external)", "Traffic data API"),
    },
    "Entertainment Services": {
        "boom-boom-room-live": ("streaming-service-v2", "content-management", "user-auth"),
        "vscreen-hollywood": ("content-management", "billing-service", "creator-hub-v2"),
        "v-caster-pro": ("Database", "content-management"),
        "v-prompter-pro": ("streaming-service-v2", "Database"),
        "v-screen-pro": ("content-management", "streaming-service-v2"),
    },
    "Platform Services": {
        "key-service": ("Database", "Redis"),
        "pv-keys": ("key-service", "Hardware Security Module (HSM)"),
        "glitch": ("Database", "Monitoring stack", "Alert system"),
        "metatwin": ("ai-service", "Database", "streamcore"),
    },
    "Specialized Services": {
        "creator-hub-v2": (
            "content-management",
            "billing-service",
            "user-auth",
            "streaming-service-v2",
        ),
        "puabomusicchain": (
            "Blockchain network",
            "ledger-mgr",
            "content-management",
            "billing-service",
        ),
        "puaboverse-v2": (
            "streaming-service-v2",
            "ai-service",
            "content-management",
            "metatwin",
        ),
        "puabo-nexus": (
            "Multiple services (integration hub)",
            "auth-service",
            "backend-api",
            "Database",
        ),
    },
}
"""Parent to children of every tree, section by section. A node's children stand once per section;
a node that is a root in one section and a child in another has its children where they are drawn.
"""

GROUPS: Final = ("All downstream services", "Auth services", "Multiple services (integration hub)")
"""Children that stand for several services; decisions say which."""

RESOURCE_WORDS: Final[Mapping[str, str]] = {
    "Database": "postgres",
    "Redis": "redis",
    "Message queue": "queue",
    "Storage service": "storage",
    "CDN": "cdn",
    "Load balancer": "load-balancer",
    "Hardware Security Module (HSM)": "hsm",
    "GPU resources": "gpu",
    "ML models": "ml-models",
    "Monitoring stack": "monitoring",
    "Alert system": "alerting",
}

EXTERNAL_WORDS: Final[Mapping[str, str]] = {
    "Payment gateway (external)": "payments",
    "External shipping APIs": "shipping",
    "External credit APIs": "credit",
    "Maps API (external)": "maps",
    "Traffic data API": "traffic",
    "Blockchain service": "blockchain",
    "Blockchain network": "blockchain",
}

DOCUMENTED_EDGES: Final[frozenset[Pair]] = frozenset(
    (parent, child)
    for tree in TREES.values()
    for parent, children in tree.items()
    for child in children
)
"""The distinct parent to child edges, children in the document's words."""

FLOWS: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(steps.split(" → "))
    for name, steps in (
        (
            "user-authentication",
            "backend-api → auth-service → user-auth → postgres → session-mgr → token-mgr → redis",
        ),
        (
            "content-upload",
            "backend-api → puabo-dsp-upload-mgr → content-management → storage → "
            "puabo-dsp-metadata-mgr → postgres",
        ),
        (
            "order-processing",
            "backend-api → puabo-nuki-order-processor → puabo-nuki-inventory-mgr → "
            "billing-service → invoice-gen → ledger-mgr → postgres",
        ),
        ("streaming", "backend-api → streaming-service-v2 → streamcore → content-management → cdn"),
    )
}
"""The four critical flows; 'End user', who ends the last one, is the client and no node."""

WINDOWS: Final[Mapping[str, tuple[int, int]]] = {
    "infrastructure": (0, 30),
    "core": (30, 60),
    "platform": (60, 90),
    "domain": (90, 120),
    "frontend": (120, 150),
}
"""Tier to its window (start, end), in seconds, in startup order."""

GATES: Final = frozenset({"postgres", "redis", "queue"})
"""What the startup sequence lists under Infrastructure."""

PROVIDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "payments": ("Stripe", "PayPal"),
    "shipping": (),
    "credit": (),
    "maps": ("Google Maps", "Mapbox"),
    "traffic": (),
    "blockchain": ("Ethereum", "Polygon"),
    "email": ("SendGrid", "AWS SES"),
    "sms": ("Twilio",),
    "azure-blob": ("Azure Blob",),
}
"""External APIs with the third parties the document names for them."""

# --- The decisions on what the document leaves open -------------------------------------------

SERVICES_BY_TIER: Final[Mapping[str, tuple[str, ...]]] = {
    "core": (
        "auth-service",
        "auth-service-v2",
        "key-service",
        "session-mgr",
        "token-mgr",
        "user-auth",
    ),
    "platform": ("backend-api", "glitch", "pv-keys", "scheduler"),
    "domain": (
        "ai-service",
        "billing-service",
        "content-management",
        "invoice-gen",
        "kei-ai",
        "ledger-mgr",
        "metatwin",
        "puabo-blac-loan-processor",
        "puabo-blac-risk-assessment",
        "puabo-dsp-metadata-mgr",
        "puabo-dsp-streaming-api",
        "puabo-dsp-upload-mgr",
        "puabo-nexus",
        "puabo-nexus-ai-dispatch",
        "puabo-nexus-fleet-manager",
        "puabo-nexus-route-optimizer",
        "puabo-nuki-inventory-mgr",
        "puabo-nuki-order-processor",
        "puabo-nuki-product-catalog",
        "puabo-nuki-shipping-service",
        "puaboai-sdk",
        "puabomusicchain",
        "streamcore",
        "streaming-service-v2",
    ),
    "frontend": (
        "boom-boom-room-live",
        "creator-hub-v2",
        "nexus-cos-studio-ai",
        "puabo-nexus-driver-app-backend",
        "puaboverse-v2",
        "v-caster-pro",
        "v-prompter-pro",
        "v-screen-pro",
        "vscreen-hollywood",
    ),
}
"""Tier to its services, sorted by name. The infrastructure tier holds no services."""

SERVICES: Final[frozenset[str]] = frozenset(
    service for services in SERVICES_BY_TIER.values() for service in services
)

REMOVED: Final[frozenset[str]] = frozenset()
"""Services of the document that the platform at work does without. Whoever removes one from the
catalog writes it here; what stands above stays as the document has it."""

_SERVICES_BY_DOMAIN: Final[Mapping[str, tuple[str, ...]]] = {
    "authentication": (
        "auth-service",
        "auth-service-v2",
        "key-service",
        "session-mgr",
        "token-mgr",
        "user-auth",
    ),
    "gateway": ("backend-api",),
    "content": (
        "content-management",
        "puabo-dsp-metadata-mgr",
        "puabo-dsp-streaming-api",
        "puabo-dsp-upload-mgr",
        "streamcore",
        "streaming-service-v2",
    ),
    "business": ("billing-service", "invoice-gen", "ledger-mgr", "scheduler"),
    "ai": ("ai-service", "kei-ai", "nexus-cos-studio-ai", "puaboai-sdk"),
    "ecommerce": (
        "puabo-nuki-inventory-mgr",
        "puabo-nuki-order-processor",
        "puabo-nuki-product-catalog",
        "puabo-nuki-shipping-service",
    ),
    "finance": ("puabo-blac-loan-processor", "puabo-blac-risk-assessment"),
    "logistics": (
        "puabo-nexus-ai-dispatch",
        "puabo-nexus-driver-app-backend",
        "puabo-nexus-fleet-manager",
        "puabo-nexus-route-optimizer",
    ),
    "entertainment": (
        "boom-boom-room-live",
        "v-caster-pro",
        "v-prompter-pro",
        "v-screen-pro",
        "vscreen-hollywood",
    ),
    "platform": ("glitch", "metatwin", "pv-keys"),
    "specialized": ("creator-hub-v2", "puabo-nexus", "puabomusicchain", "puaboverse-v2"),
}

DOMAIN_OF: Final[Mapping[str, str]] = {
    service: domain for domain, services in _SERVICES_BY_DOMAIN.items() for service in services
}
"""Service to its domain."""

AUTH_SERVICES: Final = ("auth-service", "auth-service-v2", "session-mgr", "token-mgr", "user-auth")
"""'Auth services' of the gateway."""

HUB_TARGETS: Final = _SERVICES_BY_DOMAIN["logistics"]
"""'Multiple services' of the integration hub."""

GATEWAY_ROUTES: Final = tuple(
    service
    for tier in ("platform", "domain", "frontend")
    for service in SERVICES_BY_TIER[tier]
    if service != "backend-api"
)
"""'All downstream services' of the gateway: every service above core but itself."""

RUNTIME_EDGES: Final[frozenset[Pair]] = frozenset(
    {
        ("auth-service", "auth-service-v2"),
        *(("backend-api", target) for target in GATEWAY_ROUTES),
        *(("puabo-nexus", target) for target in HUB_TARGETS),
    }
)
"""Edges between services that nobody waits for."""

STARTUP_EDGES: Final[frozenset[Pair]] = frozenset(
    {
        *(edge for edge in DOCUMENTED_EDGES if edge[1] in SERVICES),
        *(("backend-api", target) for target in AUTH_SERVICES),
    }
    - RUNTIME_EDGES
)
"""Edges between services that decide the rollout order."""

RESOURCE_EDGES: Final[frozenset[Pair]] = frozenset(
    (parent, RESOURCE_WORDS[child]) for parent, child in DOCUMENTED_EDGES if child in RESOURCE_WORDS
)
"""Service to platform resource. Startup edges, but for those of RUNTIME_RESOURCE_EDGES."""

RUNTIME_RESOURCE_EDGES: Final[frozenset[Pair]] = frozenset({("backend-api", "load-balancer")})
"""The load balancer routes to the gateway, so its route waits for the gateway."""

EXTERNAL_EDGES: Final[frozenset[Pair]] = frozenset(
    (parent, EXTERNAL_WORDS[child]) for parent, child in DOCUMENTED_EDGES if child in EXTERNAL_WORDS
)
"""Service to external API; all of them runtime edges."""

FALLBACKS: Final[Mapping[Pair, str]] = {
    ("key-service", "redis"): "database",
    ("puabo-nuki-inventory-mgr", "redis"): "database",
    ("puabo-nexus-fleet-manager", "redis"): "database",
    ("streamcore", "cdn"): "origin",
    ("backend-api", "ai-service"): "rules",
    ("backend-api", "kei-ai"): "rules",
    ("metatwin", "ai-service"): "rules",
    ("puabo-blac-risk-assessment", "ai-service"): "rules",
    ("puabo-nexus-ai-dispatch", "kei-ai"): "rules",
    ("puabo-nexus-route-optimizer", "ai-service"): "rules",
    ("puaboverse-v2", "ai-service"): "rules",
}
"""Degradable edges and what the source does meanwhile; every other edge is hard."""

BUCKETS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "media": ("content-management", ("puabo-dsp-upload-mgr",)),
}
"""Bucket to its owner and the services granted to use it."""
