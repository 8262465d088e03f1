"""What watches the platform: rules and pages, made of the graph; pure functions to text."""
