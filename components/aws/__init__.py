"""Components in AWS."""
