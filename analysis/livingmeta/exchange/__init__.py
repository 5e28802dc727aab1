"""Formats of other programs: tables, spreadsheets and RevMan files in, scripts and packages out.

Lives here: one reader for each kind of file, what becomes of it as a review, and the exports.
May not: decide what is pooled, or guess what a column means where two could be meant.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
