"""A rerunnable, checkable, living meta-analysis: each number carries its source.

What stands in `__init__.pyi` is the public API, and imported on first use: `livingmeta --help`
must not wait for scipy and matplotlib. The rooms hand on their own names the same way.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
