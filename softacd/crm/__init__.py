"""Who is calling: customers, categories, cards."""
