"""Text and files of causal graphs, to plain specifications and back."""

from scm.formats.catalogue import parse as parse
from scm.formats.catalogue import read_file as read_file
from scm.formats.catalogue import write_file as write_file
from scm.formats.mistake import FormatError as FormatError
from scm.formats.specification import Specification as Specification
