"""Component resources: one noun and one file each, all constructed as `(name, args, opts)`."""
