//! How tests learn where the servers are: from variables of their own, or from the file that
//! `cargo xtask services up` leaves in the build folder.

use std::path::{Path, PathBuf};

/// What stands before a name where it is a variable of the environment.
pub const PREFIX: &str = "TICKETING_TEST_";

/// How much higher than usual all ports are, where two workspaces have servers at once.
pub const SHIFT: &str = "TICKETING_SERVICES_PORT_SHIFT";

/// The file's name, inside of the folder `services` in the build folder.
pub const FILE: &str = "services.env";

/// `PostgreSQL`'s address, without a database: `postgres://user:password@host:port`.
pub const POSTGRES_URL: &str = "POSTGRES_URL";
/// RabbitMQ's address, without a virtual host.
pub const AMQP_URL: &str = "AMQP_URL";
/// The address of RabbitMQ's management API.
pub const AMQP_MANAGEMENT_URL: &str = "AMQP_MANAGEMENT_URL";
/// Redis' address.
pub const REDIS_URL: &str = "REDIS_URL";
/// The program nginx.
pub const NGINX: &str = "NGINX";

/// The value of one of the names above: the variable's, else the file's.
///
/// # Panics
/// When there is neither. A test that needs a server never passes without one.
#[must_use]
pub fn get(name: &str) -> String {
    if let Some(value) = variable(name) {
        return value;
    }
    let file = folder().join(FILE);
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let Some(value) = find(&text, name) else {
        panic!("no {PREFIX}{name}, nor {}: run `cargo xtask services up` first", file.display())
    };
    value.to_owned()
}

/// What the environment says, if anything.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(format!("{PREFIX}{name}")).ok().filter(|value| !value.is_empty())
}

/// Where the servers of this workspace have their data and their records.
#[must_use]
pub fn folder() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.or_else(|| workspace.map(|folder| folder.join("target")));
    folder_in(&target.unwrap_or_default())
}

/// The same, where cargo builds in `target`. Servers on other ports have a folder of their own.
#[must_use]
pub fn folder_in(target: &Path) -> PathBuf {
    match std::env::var(SHIFT) {
        Ok(by) if by != "0" => target.join(format!("services-{by}")),
        _ => target.join("services"),
    }
}

fn find<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = text.lines().filter_map(|line| line.split_once('='));
    lines.find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_by_its_whole_name() {
        let text = "AMQP_URL=amqp://a\nREDIS_URL=redis://b?c=d\n";
        assert_eq!(find(text, REDIS_URL), Some("redis://b?c=d"));
        assert_eq!(find(text, "URL"), None);
        assert_eq!(find("", AMQP_URL), None);
    }
}
