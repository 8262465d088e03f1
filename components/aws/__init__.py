"""Components in AWS.

Where a description does not say otherwise, keys, roles, certificates, firewalls and target groups
are given by their ARNs, networks, subnets and groups by their ids, buckets and clusters by their
names. Subnets are one per zone; `cluster_group` is the security group of the cluster's nodes;
`service` the one service that something belongs to, if it does.
"""
