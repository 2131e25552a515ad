"""Shopping carts and what they cost."""
