"""What a reader sees: report, explorer, answers, certificate, changelog.

Lives here: the sentences, the templates and the explorer with its kernel.
May not: compute a statistic; what is said is asked of the rooms below.
"""
