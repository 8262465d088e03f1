"""What AWS' APIs take, read from botocore's service models and held against a plan.

botocore's own client looks at types and at members that must be there, and leaves patterns, lengths
and enumerations to the service, which refuses them half-way through a deployment.
"""
