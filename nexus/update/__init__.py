"""Updates of a part of the platform: what they move, what that stands on, and that all else stays.

The engine does the work: `pulumi up` with a target for every resource that the part's change moves.
"""
