"""The pages: what is said in a browser, in three languages."""
