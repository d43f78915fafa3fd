"""Doing things for their outcome only: the database forgets them."""

from contextlib import closing, contextmanager

from .inside import Inside

# In the context: nothing that is done now may leave a job.
DRY = "mailchimp_dry"


@contextmanager
def rolled_back(env):
    """Let something be done, look at it, and undo it.

    What waits for the commit is written before, so that undoing drops nothing else
    (`Savepoint.rollback` clears the cache and what waits for the commit); what was
    left for after the commit is dropped too. No value of a record outlives it.

    :param Environment env: whose transaction it is
    :return: the environment to do it in
    """
    cr = env.cr
    after = cr.postcommit
    with closing(cr.savepoint()):
        cr.postcommit = type(after)()
        try:
            yield env(context={**env.context, DRY: Inside(True)})
        finally:
            cr.postcommit = after
