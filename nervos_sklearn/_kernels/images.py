"""Images that move a little."""

import math

from .compiling import compiled, part


@part
def pixel(image, first, y, x, height, width):
    """The intensity of one pixel of the map that begins at `first`; dark outside."""
    inside = 0 <= y < height and 0 <= x < width
    return image[first + y * width + x] if inside else 0.0


@part
def move_image(image, height, width, movement, moved):
    """Move, turn, scale and shear all maps of an image about their centre, bilinearly.

    `movement` holds the shifts along y and x as fractions of the sides, the angle in
    radians, the logarithm of the scale, and the shear.
    """
    centre_y, centre_x = 0.5 * (height - 1), 0.5 * (width - 1)
    cosine = math.cos(movement[2]) * math.exp(movement[3])
    sine = math.sin(movement[2]) * math.exp(movement[3])
    for y in range(height):
        for x in range(width):
            dy, dx = y - centre_y, x - centre_x
            from_y = cosine * dy - sine * dx + centre_y + movement[0] * height
            from_x = sine * dy + cosine * dx + movement[4] * dy + centre_x + movement[1] * width
            y0, x0 = math.floor(from_y), math.floor(from_x)
            fy, fx = from_y - y0, from_x - x0
            for first in range(0, image.size, height * width):
                upper_left = pixel(image, first, y0, x0, height, width)
                upper_right = pixel(image, first, y0, x0 + 1, height, width)
                lower_left = pixel(image, first, y0 + 1, x0, height, width)
                lower_right = pixel(image, first, y0 + 1, x0 + 1, height, width)
                upper = (1 - fx) * upper_left + fx * upper_right
                lower = (1 - fx) * lower_left + fx * lower_right
                moved[first + y * width + x] = (1 - fy) * upper + fy * lower


@compiled
def move_images(images, height, width, movements, moved):
    """Move each image by its own movement."""
    for sample in range(images.shape[0]):
        move_image(images[sample], height, width, movements[sample], moved[sample])
