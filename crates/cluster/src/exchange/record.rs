//! What a cluster is made of, written down, so that it can be looked after by other processes than
//! the one that started it.

use std::path::Path;

use anyhow::{Context, ensure};

use super::{Backends, ClusterOptions};
use crate::process::write_whole;

/// The file in the cluster's folder. It holds the services' key: only its owner may read it.
const FILE: &str = "cluster.txt";

/// Begins the lines that are settings of the caller.
const SETTING: &str = "setting ";

#[derive(Clone)]
pub(super) struct Record {
    pub(super) options: ClusterOptions,
    pub(super) binary: String,
    pub(super) first_port: u16,
    pub(super) key: String,
}

impl Record {
    pub(super) fn write(&self) -> anyhow::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let (options, backends) = (&self.options, &self.options.backends);
        let (replicas, first_port) = (options.replicas.to_string(), self.first_port.to_string());
        let listen = options.listen.map(|address| address.to_string()).unwrap_or_default();
        let own = [
            ("binary", &*self.binary),
            ("first port", &*first_port),
            ("key", &*self.key),
            ("replicas", &*replicas),
            ("listen", &*listen),
            ("postgres", &*backends.postgres),
            ("database", &*backends.database),
            ("amqp", &*backends.amqp),
            ("amqp management", &*backends.amqp_management),
            ("virtual host", &*backends.virtual_host),
            ("redis", &*backends.redis),
            ("redis prefix", &*backends.redis_prefix),
        ];
        let mut text = String::new();
        let settings = options.settings.iter();
        let settings = settings.map(|(name, value)| (format!("{SETTING}{name}"), &**value));
        let own = own.map(|(name, value)| (name.to_owned(), value)).into_iter();
        for (name, value) in own.chain(settings) {
            ensure!(!value.contains('\n') && !name.contains('='), "{name} has several lines");
            text.push_str(&format!("{name}={value}\n"));
        }
        let file = self.options.folder.join(FILE);
        write_whole(&file, "")?;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?;
        std::fs::write(&file, text).with_context(|| file.display().to_string())
    }

    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join(FILE);
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("there is no cluster in {}", folder.display()))?;
        let lines: Vec<_> = text.lines().filter_map(|line| line.split_once('=')).collect();
        let get = |name: &str| {
            let line = lines.iter().find(|(key, _)| *key == name);
            let value = line.map(|(_, value)| (*value).to_owned());
            value.with_context(|| format!("{}: no `{name}`", file.display()))
        };
        let settings = lines.iter().filter_map(|(name, value)| {
            Some((name.strip_prefix(SETTING)?.to_owned(), (*value).to_owned()))
        });
        let backends = Backends {
            postgres: get("postgres")?,
            database: get("database")?,
            amqp: get("amqp")?,
            amqp_management: get("amqp management")?,
            virtual_host: get("virtual host")?,
            redis: get("redis")?,
            redis_prefix: get("redis prefix")?,
        };
        let first_port = get("first port")?.parse()?;
        let options = ClusterOptions {
            folder: folder.to_owned(),
            replicas: get("replicas")?.parse()?,
            first_port: Some(first_port),
            listen: get("listen")?.parse().ok(),
            backends,
            settings: settings.collect(),
        };
        Ok(Self { options, binary: get("binary")?, first_port, key: get("key")? })
    }
}
