"""The plan: every resource the program would register, as one sorted document.

Neither a layer of the program (stacks) nor a run of the engine (rehearsal): it runs
the program under mocks, in seconds and without credentials.
"""
