from . import documents as documents
from .answers import Answer as Answer
from .explorer import explorer_page as explorer_page
from .manuscript import word_tables as word_tables
from .manuscript import workbook as workbook
from .report import html as html
from .report import markdown as markdown
