"""What a change does: two plans, and two graphs, compared and told to a reviewer.

No Pulumi import, and nothing of the program that is compared: a document may come
from a fork, so it is checked data and never code.
"""
