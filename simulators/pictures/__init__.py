"""A picture of every world: its graph, with the paths that are open, beside what the data show.

>>> from simulators.pictures import picture
>>> picture("simpson_exercise").texts[0].get_text()
'Within an age, an hour more of exercise: cholesterol -5.0; in everybody +8.3'
"""

from simulators.pictures.album import picture as picture
from simulators.pictures.album import save as save
