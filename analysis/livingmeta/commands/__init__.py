"""The commands, one module per kind: they parse, call and print; `__main__` registers them."""
