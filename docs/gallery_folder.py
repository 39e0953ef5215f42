"""Scripts of the gallery that leave files are given a folder for them."""

import tempfile


class FolderOfItsOwn:
    """What sphinx-gallery asks for the arguments of a script."""

    def __repr__(self):
        return "FolderOfItsOwn"

    def __call__(self, gallery_conf, script_vars):
        return [tempfile.mkdtemp(prefix="gallery")]
