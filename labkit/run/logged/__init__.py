"""What the user logs: metrics, images, texts and figures."""
