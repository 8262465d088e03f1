"""Rules over what the program would make, as plain functions of its resources.

Nothing here imports Pulumi or the catalog: the same functions judge a plan, a test's
planted mistake and what the policy pack is handed by the engine.
"""
