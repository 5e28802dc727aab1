"""What Python users call: each command's work by one function, with the command's words for options.

Lives here: opening what somebody has at hand, and asking the rooms below of it.
May not: print, parse options of a terminal, or compute; pages are written, numbers come from below.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
