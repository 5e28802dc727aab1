"""A review is a folder: what its files may hold, and how they are read.

Lives here: the schema of each file, review.toml, the rules between rows, reading a folder, and
what is known to be missing.
May not: pool, or write; of the engine it asks only which measures there are.
"""
