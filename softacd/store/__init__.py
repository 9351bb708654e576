"""The database behind the truth in memory."""
