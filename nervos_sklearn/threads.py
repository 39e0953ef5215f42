"""Parallel work of the package, in one place: threads, which share memory."""

from collections.abc import Callable, Iterable

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits


def on_threads(function: Callable, jobs: Iterable, n_jobs: int | None = None) -> list:
    """Call a function for each job, on threads of this process.

    Parameters
    ----------
    function : callable
    jobs : iterable
    n_jobs : int, optional
        Number of threads, as joblib counts them.

    Returns
    -------
    list
        The results, in the order of the jobs.
    """
    jobs = list(jobs)
    if len(jobs) == 1 or n_jobs in (None, 1):
        return [function(job) for job in jobs]
    parallel = Parallel(n_jobs=n_jobs, prefer="threads", require="sharedmem")
    with threadpool_limits(1, user_api="blas"):  # each thread calls BLAS itself
        return parallel(delayed(function)(job) for job in jobs)
