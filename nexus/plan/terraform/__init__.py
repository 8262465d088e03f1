"""A plan's AWS and Cloudflare resources as Terraform configuration, for tools that read that.

Nothing is deployed from it. Type and argument names are translated mechanically;
what is not mechanical stands in `terraform.names`.
"""
