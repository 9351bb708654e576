"""Calls that leave the shop: routing by cost, campaigns."""
