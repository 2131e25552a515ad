"""From the settings to the sandbox and to what looks after its workspaces."""

from __future__ import annotations

import logging
from datetime import timedelta

from bot.background.sweeping import Sweeper
from bot.brain.network import Network
from bot.brain.profile import engineer
from bot.forge.mirrors import Mirrors
from bot.settings import Settings
from bot.warming import Warmer
from memory.database import Engine
from memory.secrets.mask import SecretMask
from sandbox.choose import open_sandbox
from sandbox.errors import SandboxUnavailable
from sandbox.pool import PooledSandbox
from sandbox.port import Sandbox
from sandbox.snapshots import Snapshots
from sandbox.upkeep import Policy, Upkeep

logger = logging.getLogger(__name__)


def build_snapshots(settings: Settings) -> Snapshots:
    """Where the snapshots of workspaces are kept."""
    return Snapshots(settings.oxbow_data_dir.resolve() / "snapshots")


def build_sweeper(settings: Settings, engine: Engine, sandbox: Sandbox) -> Sweeper:
    """Who looks after the workspaces that rest."""
    policy = Policy(
        remove_after=timedelta(days=settings.oxbow_workspace_days),
        most_bytes=settings.oxbow_workspace_gib * 1024**3,
    )
    return Sweeper(Upkeep(sandbox=sandbox, snapshots=build_snapshots(settings), policy=policy), engine)


def build_sandbox(settings: Settings) -> Sandbox | str:
    """The sandbox, or the reason why this host has none."""
    root = settings.oxbow_data_dir.resolve() / "workspaces"
    key = settings.e2b_api_key
    try:
        return open_sandbox(
            settings.oxbow_sandbox,
            root,
            image=settings.oxbow_sandbox_image,
            namespace=settings.oxbow_sandbox_namespace,
            template=settings.oxbow_sandbox_template,
            key=key.get_secret_value() if key else None,
        )
    except SandboxUnavailable as error:
        logger.warning("sessions will run no commands: %s", error)
        return str(error)


def build_upkeep(
    settings: Settings, engine: Engine, sandbox: Sandbox | str, mirrors: Mirrors, secrets: SecretMask
) -> tuple[Sweeper | Warmer, ...]:
    """Who looks after workspaces in the background; nobody where there is no sandbox."""
    if isinstance(sandbox, str):
        return ()
    sweeper = build_sweeper(settings, engine, sandbox)
    if not settings.oxbow_prepared_workspaces or not isinstance(sandbox, PooledSandbox):
        return (sweeper,)
    warmer = Warmer(
        sandbox,
        mirrors,
        settings.repositories,
        Network(settings.egress, secrets),
        size=settings.oxbow_prepared_workspaces,
        limits=engineer([]).limits,
    )
    return sweeper, warmer
