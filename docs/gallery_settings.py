"""What the gallery is told: in which order, and where scripts may leave files."""

import tempfile

LESSONS = (
    "digits", "neuron", "encodings", "rules", "race", "epochs", "prototypes_margin", "patches",
    "table", "time_series", "search", "device", "levels", "endurance", "drift", "early_answer",
    "save", "dask", "ray", "blocks", "out_of_core", "from_nervos",
)  # fmt: skip


def folder_of_its_own(gallery_conf, script_vars):
    """The arguments of a script: a new folder."""
    return [tempfile.mkdtemp(prefix="gallery")]


class OrderOfLessons:
    """From the first steps to the finer points; what is not listed comes last."""

    def __init__(self, folder):
        self.folder = folder

    def __repr__(self):
        return "OrderOfLessons"

    def __call__(self, filename):
        lesson = filename.removeprefix("plot_").removesuffix(".py")
        return LESSONS.index(lesson) if lesson in LESSONS else len(LESSONS), filename
