"""The command line: parse, call, print.

Lives here: one command or family of commands a module, and what they print alike.
May not: hold statistics; what a command prints, Python users can call.
"""
