"""The way back after a killed update: what state a stack is in, and making it sound again.

A repair changes the state alone, in one write. It makes, changes and deletes nothing in a
cluster or a cloud: the next `pulumi up` does.
"""
