"""Jobs that tests put on a model; a process of its own imports them too."""

import os
import time

# What a test's own job does, by key.
CALLS = {}


def _job_call(self, key):
    """Do what a test wants."""
    return CALLS[key](self)


def _job_append(self, path, text):
    """Leave a mark that no rollback takes away."""
    append(path, text)


def _job_climb(self, path, top, stop_at=None):
    """Count the reference of a partner up to ``top``, with a checkpoint each time.

    Whoever is at step ``stop_at`` does not come further, and is to be killed there.
    """
    for step in range(int(self.ref or 0), top):
        append(path, f"{os.getpid()} {step}")
        self.ref = str(step + 1)
        if step == stop_at:
            time.sleep(3600)
        yield


def append(path, text):
    """Add a line to a file, in one piece whoever else does."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{text}\n".encode())
    os.close(file)


def install(registry):
    """Make them methods of `res.partner`."""
    for body in (_job_call, _job_append, _job_climb):
        setattr(registry["res.partner"], body.__name__, body)


def remove(registry):
    """Take them away again."""
    for body in (_job_call, _job_append, _job_climb):
        delattr(registry["res.partner"], body.__name__)
