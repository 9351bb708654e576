"""How the database came to be what it is: one script a revision, run in order by `softacd.store.migration`."""
