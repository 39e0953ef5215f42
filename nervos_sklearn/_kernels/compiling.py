from numba import njit
_OPTIONS = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
def compiled(function):
    return njit(cache=True, **_OPTIONS)(function)
def part(function=None, **options):
    if function is None:
        return lambda function: part(function, **options)
    return njit(**_OPTIONS, **options)(function)
