from .common import draw_keys, random_generator
