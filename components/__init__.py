"""Component resources: one noun and one file each, all constructed as `(name, args, opts)`.

What is called the same means the same everywhere, and is described where it means more:
`namespace` is a name in the cluster, from the resource that makes it; `handle` the resource that is
there when the whole is ready; `host` a DNS name; what ends in `_days` or `_seconds` is in those.
"""
