"""Real servers for the integration tests: started on loopback, ended by whoever started them."""
