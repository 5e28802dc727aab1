"""What was printed, beside what its rows give.

Lives here: verdicts on printed numbers, printed numbers that can't all be right, all results of a
review, the lock over them, and other programs as witnesses.
May not: change how anything is pooled, or write a page.
"""
