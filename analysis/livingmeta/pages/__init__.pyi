from . import documents as documents
from .answers import Answer as Answer
from .explorer import explorer_page as explorer_page
from .report import html as html
from .report import markdown as markdown
