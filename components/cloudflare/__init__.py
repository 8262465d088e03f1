"""Components at Cloudflare."""
