"""What AWS and Cloudflare would answer, in shape: ids, ARNs, endpoints, validation records.

Pure, and shared by the plan and the rehearsal, so that both see the same world.
"""
