//! `cargo xtask services`: what the tests need beside Rust. Alone it installs everything; with `up`
//! it starts the servers, too, and with `down` it stops them.

pub(crate) mod install;
mod servers;
mod tools;

use anyhow::bail;
use cluster::Server;

use crate::task::Outcome;

pub(crate) use servers::{backends, down, running, up};
pub(crate) use tools::{compiler, schemathesis, valgrind, works};

const USAGE: &str = "usage: cargo xtask services [up | down | status | \
                     (start | stop | kill) (postgres | rabbitmq | redis)]";

/// Does what the words say.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [] => everything(),
        ["up"] => up().map(|_| Outcome::Passed),
        ["down"] => down(&Server::ALL).map(|()| Outcome::Passed),
        ["status"] => servers::status(),
        [verb @ ("start" | "stop" | "kill"), name] => one(verb, name),
        _ => bail!("{USAGE}"),
    }
}

fn one(verb: &str, name: &str) -> anyhow::Result<Outcome> {
    let Some(server) = Server::find(name) else { bail!("there is no server `{name}`; {USAGE}") };
    match verb {
        "start" => servers::start(server)?,
        "stop" => down(&[server])?,
        _ => servers::kill(server)?,
    }
    Ok(Outcome::Passed)
}

/// Installs what tests run, and the programs of the servers.
fn everything() -> anyhow::Result<Outcome> {
    println!("services: {}", schemathesis()?.display());
    compiler()?;
    valgrind()?;
    servers::install()?;
    println!("services: all is installed; `cargo xtask services up` starts the servers");
    Ok(Outcome::Passed)
}
