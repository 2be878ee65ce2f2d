//! What a cluster has on the servers: databases, a virtual host, keys.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::http;
use crate::servers::{programs, psql};
use crate::{Servers, environment};

/// The servers' addresses, and what of them is the cluster's own.
#[derive(Debug, Clone)]
pub struct Backends {
    /// `PostgreSQL`, without a database.
    pub postgres: String,
    /// How the names of the databases begin, such as `ticketing`: then there is `ticketing_orders`.
    pub database: String,
    /// RabbitMQ, without a virtual host.
    pub amqp: String,
    /// RabbitMQ's management API.
    pub amqp_management: String,
    /// The virtual host; letters, digits, `-` and `_`.
    pub virtual_host: String,
    /// Redis.
    pub redis: String,
    /// How the keys begin.
    pub redis_prefix: String,
}

impl Backends {
    /// Those of the tests, with everything in them named `name`: letters, digits and `_`.
    ///
    /// # Panics
    /// When the tests have no servers.
    #[must_use]
    pub fn of_tests(name: &str) -> Self {
        Self {
            postgres: environment::get(environment::POSTGRES_URL),
            database: name.to_owned(),
            amqp: environment::get(environment::AMQP_URL),
            amqp_management: environment::get(environment::AMQP_MANAGEMENT_URL),
            virtual_host: name.to_owned(),
            redis: environment::get(environment::REDIS_URL),
            redis_prefix: format!("{name}:"),
        }
    }

    /// Those of `servers`, with everything in them named `name`.
    #[must_use]
    pub fn of(servers: &Servers, name: &str) -> Self {
        use crate::Server;
        Self {
            postgres: servers.address(Server::Postgres),
            database: name.to_owned(),
            amqp: servers.address(Server::RabbitMq),
            amqp_management: servers.management_address(),
            virtual_host: name.to_owned(),
            redis: servers.address(Server::Redis),
            redis_prefix: format!("{name}:"),
        }
    }

    /// What the services are told of them.
    pub(super) fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("DATABASE_URL", format!("{}/{}", self.postgres, self.database)),
            ("AMQP_URL", format!("{}/{}", self.amqp, self.virtual_host)),
            ("REDIS_URL", self.redis.clone()),
            ("REDIS_PREFIX", self.redis_prefix.clone()),
        ]
    }

    /// Makes the virtual host; the databases are made by the services.
    pub(super) fn prepare(&self) -> anyhow::Result<()> {
        self.manage("PUT", &[201, 204])
    }

    /// Removes everything.
    ///
    /// # Errors
    /// When a server is away.
    pub fn remove(&self) -> anyhow::Result<()> {
        self.manage("DELETE", &[204, 404])?;
        self.drop_databases()?;
        self.forget_keys()
    }

    /// How many messages are in the queues, given to somebody or not, as the broker has counted
    /// them within the last second (`collect_statistics_interval`).
    ///
    /// # Errors
    /// When the broker is away.
    pub fn messages(&self) -> anyhow::Result<u64> {
        let (credentials, address) = http::parts(&self.amqp_management)?;
        let path = format!("/api/queues/{}?columns=messages", self.virtual_host);
        let text = http::body(address, &path, &http::basic(credentials))?;
        let counts = text.split("\"messages\":").skip(1).map(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u64>().with_context(|| format!("the broker says `{rest:.20}`"))
        });
        counts.sum()
    }

    fn manage(&self, method: &str, good: &[u16]) -> anyhow::Result<()> {
        let (credentials, address) = http::parts(&self.amqp_management)?;
        let path = format!("/api/vhosts/{}", self.virtual_host);
        let status = http::status(method, address, &path, &http::basic(credentials))?;
        ensure!(good.contains(&status), "{method} {path} answers {status}");
        Ok(())
    }

    fn drop_databases(&self) -> anyhow::Result<()> {
        // `_` stands for itself where it is escaped
        let pattern = self.database.replace('_', "\\_");
        let list = format!("select datname from pg_database where datname like '{pattern}\\_%'");
        for database in self.ask_postgres(&list)?.lines() {
            let _ = self.ask_postgres(&format!("drop database \"{database}\" with (force)"))?;
        }
        Ok(())
    }

    fn ask_postgres(&self, statement: &str) -> anyhow::Result<String> {
        let mut command = programs::bare(&psql()?);
        command.args(["--no-psqlrc", "--no-password", "-A", "-t", "-q", "-d"]);
        command.arg(format!("{}/postgres", self.postgres)).args(["-c", statement]);
        output(&mut command)
    }

    fn forget_keys(&self) -> anyhow::Result<()> {
        const FORGET: &str = "local at = '0' \
            repeat \
              local found = redis.call('SCAN', at, 'MATCH', ARGV[1], 'COUNT', 1000) \
              at = found[1] \
              for _, key in ipairs(found[2]) do redis.call('UNLINK', key) end \
            until at == '0' \
            return 'done'";
        let (credentials, address) = http::parts(&self.redis)?;
        let pattern = format!("{}*", self.redis_prefix);
        let mut commands = String::new();
        if let Some((user, password)) = credentials.split_once(':') {
            let user = if user.is_empty() { "default" } else { user };
            commands.push_str(&resp(&["AUTH", user, password]));
        }
        commands.push_str(&resp(&["EVAL", FORGET, "0", &pattern]));
        commands.push_str(&resp(&["QUIT"]));
        let answer = http::exchange(http::resolve(address)?, commands.as_bytes(), 4096)?;
        let answer = String::from_utf8_lossy(&answer);
        ensure!(answer.contains("done"), "Redis answers {answer}");
        Ok(())
    }
}

/// A command in Redis' protocol.
fn resp(words: &[&str]) -> String {
    let each = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
    format!("*{}\r\n{}", words.len(), each.collect::<String>())
}

fn output(command: &mut Command) -> anyhow::Result<String> {
    let name = Path::new(command.get_program()).display().to_string();
    let output = command.output().with_context(|| format!("can't start `{name}`"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} says `{}`", errors.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::resp;

    #[test]
    fn a_command_says_how_many_words_it_has_and_how_long_they_are() {
        assert_eq!(resp(&["QUIT"]), "*1\r\n$4\r\nQUIT\r\n");
        let eval = "*4\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n0\r\n$2\r\na*\r\n";
        assert_eq!(resp(&["EVAL", "return 1", "0", "a*"]), eval);
    }
}
