//! The servers of this workspace: their data is in the build folder's `services`.

use std::time::Instant;

use anyhow::{Context, bail};
use cluster::{Backends, Found, Ports, Server, Servers, environment};

use super::install;
use crate::task::Outcome;
use crate::workspace;

/// Debian's package of each, and the unit that it brings.
fn package(server: Server) -> (&'static str, &'static str) {
    match server {
        Server::Postgres => ("postgresql", "postgresql"),
        Server::RabbitMq => ("rabbitmq-server", "rabbitmq-server"),
        Server::Redis => ("redis-server", "redis-server"),
    }
}

/// nginx' package, which is the name of its unit, too. Those who need one start their own.
const NGINX: &str = "nginx";

/// Starts what doesn't run, waits until all do their work, and answers which were started.
pub(crate) fn up() -> anyhow::Result<Vec<Server>> {
    let servers = servers()?;
    let _lock = servers.lock()?;
    install()?;
    let started = Instant::now();
    let mut launched = Vec::new();
    for server in Server::ALL {
        if let Some(address) = environment::variable(server.address_name()) {
            say(server, &format!("yours, {address}, is used as it is"));
            continue;
        }
        match servers.look(server) {
            Found::Ours(pid) => say(server, &format!("runs already, process {pid}")),
            Found::Strangers => {
                say(server, "somebody else's runs there, and is used; it won't be stopped");
                continue;
            }
            Found::Occupied => bail!(
                "another program listens where {} would, on {}; stop that one first, or name a \
                 server of your own in {}{}",
                server.name(),
                servers.address(server),
                environment::PREFIX,
                server.address_name()
            ),
            Found::Nobody => {
                say(server, "starts");
                servers.launch(server).with_context(|| server.name())?;
                launched.push(server);
            }
        }
        // one that runs already may have been started a moment ago
        if !launched.contains(&server) {
            servers.wait_ready(server)?;
        }
    }
    for server in &launched {
        servers.wait_ready(*server)?;
        let address = servers.address(*server);
        say(*server, &format!("ready after {:.1} s, {address}", started.elapsed().as_secs_f64()));
    }
    println!("services: addresses are in {}", servers.write_environment()?.display());
    Ok(launched)
}

/// Stops those that were started here.
pub(crate) fn down(which: &[Server]) -> anyhow::Result<()> {
    let servers = servers()?;
    let _lock = servers.lock()?;
    for server in which {
        let stopped = servers.stop(*server)?;
        say(*server, if stopped { "stopped" } else { "isn't one that was started here" });
    }
    Ok(())
}

/// Those that were started here and run.
pub(crate) fn running() -> anyhow::Result<Vec<Server>> {
    let servers = servers()?;
    let is_ours = |server: &Server| matches!(servers.look(*server), Found::Ours(_));
    Ok(Server::ALL.into_iter().filter(is_ours).collect())
}

/// Starts one.
pub(super) fn start(server: Server) -> anyhow::Result<()> {
    let servers = servers()?;
    let _lock = servers.lock()?;
    servers.start(server)?;
    say(server, &format!("runs, {}", servers.address(server)));
    Ok(())
}

/// Kills one.
pub(super) fn kill(server: Server) -> anyhow::Result<()> {
    let servers = servers()?;
    let _lock = servers.lock()?;
    let killed = servers.kill(server)?;
    say(server, if killed { "killed" } else { "isn't one that was started here" });
    Ok(())
}

/// A line for each; passes when all do their work.
pub(super) fn status() -> anyhow::Result<Outcome> {
    let servers = servers()?;
    let mut outcome = Outcome::Passed;
    for server in Server::ALL {
        let address = servers.address(server);
        let words = match servers.look(server) {
            Found::Ours(pid) if servers.is_ready(server) => {
                let log = servers.log(server);
                format!("runs, process {pid}, {address}, log in {}", log.display())
            }
            Found::Ours(pid) => format!("process {pid} isn't ready"),
            Found::Strangers => format!("somebody else's runs, {address}"),
            Found::Occupied => format!("another program has its port, {address}"),
            Found::Nobody => "doesn't run".to_owned(),
        };
        if !servers.is_ready(server) {
            outcome = Outcome::Failed;
        }
        say(server, &words);
    }
    Ok(outcome)
}

/// Installs the programs that aren't there.
pub(super) fn install() -> anyhow::Result<()> {
    let servers = Server::ALL.into_iter().filter(|server| {
        server.installed().is_err() && environment::variable(server.address_name()).is_none()
    });
    let mut missing: Vec<_> = servers.map(package).collect();
    if !cluster::has_nginx() && environment::variable(environment::NGINX).is_none() {
        missing.push((NGINX, NGINX));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let (packages, units): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
    if !install::is_possible() {
        bail!("{}", help(&packages));
    }
    install::install(&packages)?;
    install::leave_stopped(&units);
    Ok(())
}

/// What to do where nothing can be installed.
fn help(packages: &[&str]) -> String {
    let variables = [
        ("POSTGRES_URL", "postgres://USER:PASSWORD@HOST:PORT, of a superuser"),
        ("AMQP_URL", "amqp://USER:PASSWORD@HOST:PORT"),
        ("AMQP_MANAGEMENT_URL", "http://USER:PASSWORD@HOST:PORT, of an administrator"),
        ("REDIS_URL", "redis://HOST:PORT"),
        ("NGINX", "the program's path"),
    ];
    let lines =
        variables.map(|(name, what)| format!("  {}{name}={what}\n", environment::PREFIX)).concat();
    format!(
        "the tests need {}, and only root can install that, on Debian:\n  \
         apt-get install {}\nor name servers of your own:\n{lines}",
        packages.join(", "),
        packages.join(" ")
    )
}

/// The servers of the tests, with everything in them named `name`.
pub(crate) fn backends(name: &str) -> anyhow::Result<Backends> {
    let servers = servers()?;
    let or = |variable, address| environment::variable(variable).unwrap_or(address);
    let own = Backends::of(&servers, name);
    Ok(Backends {
        postgres: or(environment::POSTGRES_URL, own.postgres),
        amqp: or(environment::AMQP_URL, own.amqp),
        amqp_management: or(environment::AMQP_MANAGEMENT_URL, own.amqp_management),
        redis: or(environment::REDIS_URL, own.redis),
        ..own
    })
}

fn servers() -> anyhow::Result<Servers> {
    let folder = environment::folder_in(&workspace::target_folder()?);
    let shift = std::env::var(environment::SHIFT).unwrap_or_else(|_| "0".to_owned());
    let ports = shift.parse().ok().and_then(|by| Ports::SHARED.shifted(by));
    let ports = ports.with_context(|| format!("{}={shift}: no such ports", environment::SHIFT))?;
    Ok(Servers::new(&folder, ports))
}

fn say(server: Server, words: &str) {
    println!("services: {:<9} {words}", server.name());
}
