//! RabbitMQ with its management API: a node of its own with a name, a cookie and a register of
//! nodes of its own, which never meets another broker of this machine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::{Ports, Servers, probe, programs};
use crate::process::write_whole;
use crate::{http, wait};

const NODE: &str = "ticketing@localhost";

/// User and password.
const CREDENTIALS: &str = "ticketing:ticketing";

/// How long the register may take to notice that the server has gone.
const REGISTER_PATIENCE: Duration = Duration::from_secs(5);

/// The command that becomes the server.
pub(super) fn command(servers: &Servers) -> anyhow::Result<Command> {
    let folder = servers.folder.join("rabbitmq");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    write_whole(&folder.join("rabbitmq.conf"), &settings(&servers.ports))?;
    write_whole(&folder.join("plugins"), "[rabbitmq_management].\n")?;
    write_whole(&folder.join("environment"), "")?;
    let mut command = programs::bare(&program()?);
    erlang(&mut command, &folder, &servers.ports);
    command
        // the script's own word for: become the server, instead of being its parent
        .env("RUNNING_UNDER_SYSTEMD", "true")
        .env("RABBITMQ_NODENAME", NODE)
        .env("RABBITMQ_DIST_PORT", servers.ports.distribution.to_string())
        .env("RABBITMQ_MNESIA_BASE", folder.join("data"))
        .env("RABBITMQ_LOG_BASE", folder.join("log"))
        .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq"))
        .env("RABBITMQ_CONF_ENV_FILE", folder.join("environment"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
        // waiting threads that spin take the processor away from who is tested
        .env(
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
            "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
        );
    Ok(command)
}

/// Stops its register of nodes, which stays when the server has gone. It refuses as long as it
/// takes it to notice that.
pub(super) fn stop_register(servers: &Servers) {
    let home = servers.folder.join("rabbitmq");
    if !home.exists() {
        return;
    }
    let _late = wait::until(REGISTER_PATIENCE, || {
        if !probe::is_open(servers.ports.epmd) {
            return Some(());
        }
        let mut command = programs::bare(Path::new("epmd"));
        erlang(&mut command, &home, &servers.ports);
        let _refused = command.arg("-kill").output();
        None
    });
}

pub(super) fn program() -> anyhow::Result<PathBuf> {
    // Debian's `rabbitmq-server` in the path insists on the machine's own broker's user
    programs::find("rabbitmq-server", &["/usr/lib/rabbitmq/bin"])
}

/// It takes programs' connections, and has every virtual host.
pub(super) fn ready(servers: &Servers) -> anyhow::Result<()> {
    let greeting = probe::ask(servers.ports.amqp, b"AMQP\x00\x00\x09\x01", 11)?;
    // a frame of kind 1 on channel 0, then method 10.10: connection.start
    let start = greeting.starts_with(&[1, 0, 0]) && greeting.ends_with(&[0, 10, 0, 10]);
    ensure!(start, "it answers {greeting:?}");
    for path in ["/api/health/checks/virtual-hosts", "/api/health/checks/local-alarms"] {
        let address = format!("127.0.0.1:{}", servers.ports.management);
        let status = http::status("GET", &address, path, &http::basic(CREDENTIALS))?;
        ensure!(status == 200, "{path} answers {status}");
    }
    Ok(())
}

/// What Erlang's own programs go by.
fn erlang(command: &mut Command, home: &Path, ports: &Ports) {
    command
        .current_dir(home)
        .env("HOME", home)
        .env("ERL_EPMD_PORT", ports.epmd.to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1");
}

fn settings(ports: &Ports) -> String {
    format!(
        "# written by `cargo xtask services`\n\
         listeners.tcp.local = 127.0.0.1:{}\n\
         management.tcp.ip = 127.0.0.1\n\
         management.tcp.port = {}\n\
         default_user = ticketing\n\
         default_pass = ticketing\n\
         default_user_tags.administrator = true\n\
         disk_free_limit.absolute = 64MB\n\
         log.console = false\n\
         log.file = rabbitmq.log\n\
         # figures of the management API are no older than this, in milliseconds\n\
         collect_statistics_interval = 1000\n",
        ports.amqp, ports.management
    )
}
