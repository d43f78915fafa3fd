"""A stateful Mailchimp Marketing API on loopback, for demo, tests and benchmarks.

In process::

    with Sandbox() as sandbox:
        account = sandbox.add_account(api_key="0123…-us1")
        audience = account.add_audience("Newsletter")
        audience.add_member("ann@harborlight.example", merge_fields={"FNAME": "Ann"})
        talk_to(sandbox.url)

In a process of its own: ``python -m sandbox --port 8025``, or :class:`SandboxProcess`.
"""

from .core import Sandbox
from .faults import FAULTS
from .oddities import ODDITIES
from .process import SandboxProcess

__all__ = ["FAULTS", "ODDITIES", "Sandbox", "SandboxProcess"]
