"""The program: settings and catalog in, components out, one module per layer."""
