"""The tests, in rooms like those of the code; their processes rarely look for garbage."""

import gc

# Before anything is imported. SDKs and plans are nearly all that there is, and stay: looking for
# garbage as often as usual takes a fifth of what the tests compute.
gc.set_threshold(200_000, 10, 10)
