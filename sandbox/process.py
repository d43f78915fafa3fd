"""A sandbox in a process of its own, so that its CPU is not the client's."""

import contextlib
import subprocess
import sys
from pathlib import Path

import orjson
import requests

ROOT = Path(__file__).resolve().parents[1]


class SandboxProcess:
    """Runs ``python -m sandbox`` and talks to its controls.

    The process ends with :meth:`stop`, and by itself when this process dies.

    :param int port: 0 picks a free one
    :param arguments: for the command line, such as ``"--demo"``
    """

    def __init__(self, *arguments, port=0):
        self._arguments = arguments
        self._port = port
        self._process = None
        self._session = requests.Session()
        self._session.trust_env = False
        self.url = self.root = self.api_key = ""

    def __enter__(self):
        return self.start()

    def __exit__(self, *_exception):
        self.stop()

    def start(self):
        """Serve; returns when the port answers."""
        command = [sys.executable, "-m", "sandbox", "--until-eof"]
        command += ["--port", str(self._port), *self._arguments]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        values = {}
        for line in self._process.stdout:
            name, _equals, value = line.strip().partition("=")
            values[name] = value
            if name == "api_key":
                break
        else:
            raise RuntimeError("the sandbox did not start")
        self.url, self.api_key = values["url"], values["api_key"]
        self.root = self.url.removesuffix("/3.0")
        return self

    def stop(self):
        """End the process."""
        if self._process:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()
            self._process = None
        self._session.close()

    @property
    def pid(self):
        """:return int: of the server"""
        return self._process.pid

    def control(self, command, **arguments):
        """Run a command of :mod:`.control`.

        :return: its result
        :raise ValueError: with the reason when it is wrong
        """
        response = self._session.post(
            f"{self.root}/_sandbox/{command}", data=orjson.dumps(arguments), timeout=600
        )
        result = orjson.loads(response.content)
        if response.status_code != 200:
            raise ValueError(result["error"])
        return result
