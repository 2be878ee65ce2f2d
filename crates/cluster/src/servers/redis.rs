//! Redis, which keeps what it is told: a journal of all commands, made durable every second.

use std::path::PathBuf;
use std::process::Command;

use anyhow::ensure;

use super::{Servers, probe, programs};

/// The command that becomes the server.
pub(super) fn command(servers: &Servers) -> anyhow::Result<Command> {
    let folder = servers.folder.join("redis");
    std::fs::create_dir_all(&folder)?;
    let mut command = programs::bare(&program()?);
    command.args(["--port", &servers.ports.redis.to_string(), "--bind", "127.0.0.1", "--dir"]);
    command.arg(&folder).current_dir(folder);
    command.args(["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]);
    command.args(["--daemonize", "no", "--maxmemory-policy", "noeviction"]);
    Ok(command)
}

pub(super) fn program() -> anyhow::Result<PathBuf> {
    programs::find("redis-server", &[])
}

/// While it still reads its journal it answers `-LOADING`.
pub(super) fn ready(servers: &Servers) -> anyhow::Result<()> {
    let answer = probe::ask(servers.ports.redis, b"PING\r\n", 5)?;
    ensure!(answer == b"+PONG", "it answers {:?}", String::from_utf8_lossy(&answer));
    Ok(())
}
