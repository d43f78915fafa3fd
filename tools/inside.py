"""What our own code tells itself in the context, and nobody else can.

The context comes with each call of a client, of strangers too: what says there that a
change comes from Mailchimp, or who decided it, must not be believed.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Inside:
    """A value in the context; no client can send one."""

    value: Any


def inside(**values):
    """Return what `with_context` takes, so that `trusted` believes it."""
    return {name: Inside(value) for name, value in values.items()}


def trusted(env, name):
    """Return what our own code said in the context, None where it said nothing."""
    said = env.context.get(name)
    return said.value if isinstance(said, Inside) else None


# Odoo follows Mailchimp, which need not be told.
IMPORTING = inside(mailchimp_import=True)
