from .exports import frictionless as frictionless
from .exports import metafor as metafor
from .imports import Imported as Imported
from .imports import imported as imported
from .imports import read as read
from .imports import read_table as read_table
from .sheets import read_sheet as read_sheet
