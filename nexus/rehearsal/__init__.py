"""A rehearsal: the real Pulumi engine runs the real program against simulated providers.

Nothing outside this process and a temporary directory is touched: no cluster,
no cloud account, no secret, no network. `rehearsal.run.rehearse` is the way in.
"""
