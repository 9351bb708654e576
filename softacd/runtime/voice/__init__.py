"""Texts spoken by whichever voice is installed: for packs of prompts, and for what flows say while calls are up."""
