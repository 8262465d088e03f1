"""Managed infrastructure in AWS and at Cloudflare, layer by layer.

Imported only where the environment table asks for it: the cloud SDKs take seconds to load.
"""
