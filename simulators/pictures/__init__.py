"""A picture of every world: its graph, with the paths that are open, beside what the data show.

>>> from simulators.pictures import picture
>>> picture("ice_cream").texts[0].get_text()
'Ice cream and drowning: correlation 0.72, effect 0; the heat moves both'
"""

from simulators.pictures.album import picture as picture
from simulators.pictures.album import save as save
