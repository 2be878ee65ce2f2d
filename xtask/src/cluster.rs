//! `cargo xtask cluster`: the exchange as many processes, for people to try: the servers, two of
//! each service, and nginx in front of them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use cluster::{Cluster, ClusterOptions, Role};

use crate::task::Outcome;
use crate::{services, workspace};

const USAGE: &str = "usage: cargo xtask cluster [up [PROGRAM] | down | status | remove | \
                     restart ROLE | (kill | stop | start) ROLE NUMBER]";

/// Where nginx listens.
const PORT: u16 = 8088;

/// The services' ports begin here, as in `infra/nginx/upstreams.conf`.
const FIRST_PORT: u16 = 8101;

const REPLICAS: u16 = 2;

/// What it has on the servers is called so.
const NAME: &str = "ticketing";

/// Does what the words say.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["up"] => up(None),
        ["up", program] => up(Some(PathBuf::from(program))),
        ["down"] => down(),
        ["status"] => status(),
        ["remove"] => remove(),
        ["restart", role] => restart(role),
        [verb @ ("kill" | "stop" | "start"), role, number] => one(verb, role, number),
        _ => bail!("{USAGE}"),
    }
}

/// Starts it all, with `program` if it is given, else with the release build.
fn up(program: Option<PathBuf>) -> anyhow::Result<Outcome> {
    if let Ok(cluster) = Cluster::at(&folder()?)
        && cluster.nginx().pid().is_some()
    {
        println!("cluster: it runs already");
        return Ok(greet(&cluster));
    }
    services::up()?;
    let binary = program.map_or_else(release_build, Ok)?;
    println!("cluster: starting {REPLICAS} of each service");
    let options = ClusterOptions {
        folder: folder()?,
        replicas: REPLICAS,
        first_port: Some(FIRST_PORT),
        listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))),
        backends: services::backends(NAME)?,
        settings: Vec::new(),
    };
    Ok(greet(&Cluster::start(&binary, options)?))
}

fn release_build() -> anyhow::Result<PathBuf> {
    println!("cluster: building the program");
    let mut build = workspace::cargo(&workspace::root()?);
    let built = build.args(["build", "--release", "--locked", "-p", "server"]).status();
    ensure!(built.context("could not start cargo")?.success(), "the program can't be built");
    Ok(workspace::target_folder()?.join("release").join("ticketing"))
}

/// Says where everything is, and what to try.
fn greet(cluster: &Cluster) -> Outcome {
    let folder = cluster.options().folder.display().to_string();
    println!("\n  Ticketing, as {} processes behind nginx\n", cluster.all().count());
    println!("  Address    {}", cluster.url());
    println!("  API        {}/open-api", cluster.url());
    println!("  Health     {}/api/health", cluster.url());
    for role in Role::ALL {
        let numbers = 0..cluster.options().replicas;
        let urls: Vec<_> = numbers.map(|number| cluster.service_url(role, number)).collect();
        println!("  {:<10} {}", role.name(), urls.join(" "));
    }
    println!("  Logs       {folder}/<service>-<number>.log, {folder}/nginx/access.log");
    println!("\n  cargo xtask cluster kill orders 0     kill -9 one of them: the other goes on");
    println!("  cargo xtask cluster restart orders    both in turn, without losing a request");
    println!("  cargo xtask services kill rabbitmq    and `start` it again later");
    println!("  cargo xtask cluster down              stop it; the data stays\n");
    Outcome::Passed
}

fn down() -> anyhow::Result<Outcome> {
    Cluster::at(&folder()?)?.stop()?;
    println!("cluster: stopped; `cargo xtask services down` stops the servers, too");
    Ok(Outcome::Passed)
}

fn remove() -> anyhow::Result<Outcome> {
    Cluster::at(&folder()?)?.remove()?;
    std::fs::remove_dir_all(folder()?)?;
    println!("cluster: stopped, and all of its data removed");
    Ok(Outcome::Passed)
}

/// A line for each process; passes when all of them run.
fn status() -> anyhow::Result<Outcome> {
    let cluster = Cluster::at(&folder()?)?;
    let mut outcome = Outcome::Passed;
    let mut say = |name: &str, pid: Option<u32>, url: &str| match pid {
        Some(pid) => println!("cluster: {name:<12} runs, process {pid}, {url}"),
        None => {
            println!("cluster: {name:<12} doesn't run");
            outcome = Outcome::Failed;
        }
    };
    for (role, number) in cluster.all() {
        let name = format!("{} {number}", role.name());
        say(&name, cluster.pid(role, number), &cluster.service_url(role, number));
    }
    say("nginx", cluster.nginx().pid(), &cluster.url());
    Ok(outcome)
}

fn restart(role: &str) -> anyhow::Result<Outcome> {
    Cluster::at(&folder()?)?.restart(role_named(role)?)?;
    println!("cluster: each {role} was restarted");
    Ok(Outcome::Passed)
}

fn one(verb: &str, role: &str, number: &str) -> anyhow::Result<Outcome> {
    let (cluster, name) = (Cluster::at(&folder()?)?, format!("{role} {number}"));
    let (role, number) = (role_named(role)?, number.parse().context(USAGE)?);
    let did = match verb {
        "kill" => cluster.kill(role, number)?,
        "stop" => cluster.stop_one(role, number)?,
        _ => cluster.start_one(role, number).map(|()| true)?,
    };
    println!("cluster: {name}: {}", if did { "done" } else { "it didn't run" });
    Ok(Outcome::Passed)
}

fn role_named(name: &str) -> anyhow::Result<Role> {
    Role::find(name).with_context(|| format!("there is no service `{name}`; {USAGE}"))
}

fn folder() -> anyhow::Result<PathBuf> {
    Ok(workspace::target_folder()?.join("cluster"))
}
