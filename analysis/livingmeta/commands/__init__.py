"""The command line: parse, call, print.

Lives here: one command or family of commands a module, and what they print alike.
May not: hold statistics; what a command prints, Python users can call.
A module is imported when a command of it is called. Only what takes a quarter of a second more
(matplotlib, pandas) is imported where it is needed: `pool` and `trace` wait for neither.
"""
