"""The servers that services get a part of: protocols, servers in the cluster, bootstrap Jobs."""
