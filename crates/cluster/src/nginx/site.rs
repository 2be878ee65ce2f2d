//! nginx' configuration: the files that operators take from `infra/nginx`, with our addresses.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::ensure;

/// The routes and the limits, as operators have them.
const TICKETING: &str = include_str!("../../../../infra/nginx/ticketing.conf");

/// What of it differs from site to site: each stands there once.
const LISTEN: &str = "listen 80 default_server;";
const RATE: &str = "rate=500r/s;";
const BURST: &str = "burst=2000 ";

/// An exchange behind one nginx.
#[derive(Debug, Clone)]
pub struct Site {
    /// Where nginx listens.
    pub listen: SocketAddr,
    /// Where the services do.
    pub upstreams: Upstreams,
    /// How many requests a second one address may send, and how many at once; without, there is
    /// no limit but that of the services.
    pub limit: Option<(u32, u32)>,
    /// How many processes nginx has; without, one for each processor.
    pub workers: Option<u16>,
    /// Whether each request is written down, with who answered and how long it took.
    pub access_log: bool,
}

/// Where the services listen that nginx asks; each at least once.
#[derive(Debug, Clone, Default)]
pub struct Upstreams {
    /// People, their sessions and clients.
    pub auth: Vec<SocketAddr>,
    /// Tickets.
    pub tickets: Vec<SocketAddr>,
    /// Orders.
    pub orders: Vec<SocketAddr>,
    /// Payments.
    pub payments: Vec<SocketAddr>,
    /// All else.
    pub gateway: Vec<SocketAddr>,
}

/// A site's files.
pub(super) struct Files {
    pub(super) main: String,
    pub(super) upstreams: String,
    pub(super) ticketing: String,
}

impl Site {
    pub(super) fn files(&self) -> anyhow::Result<Files> {
        Ok(Files {
            main: self.main(),
            upstreams: self.upstreams.text()?,
            ticketing: self.ticketing()?,
        })
    }

    fn ticketing(&self) -> anyhow::Result<String> {
        let text = replace_one(TICKETING, LISTEN, &format!("listen {};", self.listen))?;
        let Some((rate, burst)) = self.limit else {
            // a rate that no client reaches is no limit
            let text = replace_one(&text, RATE, "rate=1000000r/s;")?;
            return replace_one(&text, BURST, "burst=1000000 ");
        };
        let text = replace_one(&text, RATE, &format!("rate={rate}r/s;"))?;
        replace_one(&text, BURST, &format!("burst={burst} "))
    }

    /// What Debian's `/etc/nginx/nginx.conf` says otherwise. Nothing of it leaves nginx' folder.
    fn main(&self) -> String {
        let workers = self.workers.map_or_else(|| "auto".to_owned(), |count| count.to_string());
        let log = if self.access_log { "access.log ticketing buffer=64k flush=1s" } else { "off" };
        format!(
            "worker_processes {workers};\n\
             worker_rlimit_nofile 32768;\n\
             pid master.pid;\n\
             error_log stderr warn;\n\
             events {{\n    worker_connections 8192;\n}}\n\
             http {{\n\
             \x20   client_body_temp_path temporary/body;\n\
             \x20   proxy_temp_path temporary/proxy;\n\
             \x20   fastcgi_temp_path temporary/fastcgi;\n\
             \x20   uwsgi_temp_path temporary/uwsgi;\n\
             \x20   scgi_temp_path temporary/scgi;\n\
             \x20   log_format ticketing '$time_iso8601 $remote_addr \"$request\" $status '\n\
             \x20       '$request_time upstream=$upstream_addr $upstream_status '\n\
             \x20       '$upstream_response_time sent=$upstream_bytes_sent';\n\
             \x20   access_log {log};\n\
             \x20   include upstreams.conf;\n\
             \x20   include ticketing.conf;\n\
             }}\n"
        )
    }
}

impl Upstreams {
    /// As `infra/nginx/upstreams.conf` has them.
    fn text(&self) -> anyhow::Result<String> {
        let groups = [
            ("auth", &self.auth),
            ("tickets", &self.tickets),
            ("orders", &self.orders),
            ("payments", &self.payments),
            ("gateway", &self.gateway),
        ];
        let mut text = String::new();
        for (name, addresses) in groups {
            ensure!(!addresses.is_empty(), "nginx has nobody to ask for {name}");
            let _ = write!(
                text,
                "\nupstream ticketing_{name} {{\n    zone ticketing_{name} 64k;\n    least_conn;\n"
            );
            for address in addresses {
                let _ = writeln!(text, "    server {address} max_fails=0;");
            }
            text.push_str(
                "    keepalive 64;\n    keepalive_requests 100000;\n    keepalive_timeout 2s;\n}\n",
            );
        }
        Ok(text)
    }
}

impl Files {
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder.join("temporary"))?;
        std::fs::write(folder.join("upstreams.conf"), &self.upstreams)?;
        std::fs::write(folder.join("ticketing.conf"), &self.ticketing)?;
        std::fs::write(folder.join("nginx.conf"), &self.main)?;
        Ok(())
    }
}

fn replace_one(text: &str, what: &str, with: &str) -> anyhow::Result<String> {
    let times = text.matches(what).count();
    ensure!(times == 1, "infra/nginx/ticketing.conf has `{what}` {times} times, not once");
    Ok(text.replacen(what, with, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../../infra/nginx/upstreams.conf");

    fn at(port: u16) -> Vec<SocketAddr> {
        vec![SocketAddr::from(([127, 0, 0, 1], port))]
    }

    fn site() -> Site {
        let upstreams = Upstreams {
            auth: at(8101),
            tickets: at(8111),
            orders: at(8121),
            payments: at(8131),
            gateway: at(8151),
        };
        let listen = SocketAddr::from(([127, 0, 0, 1], 8088));
        Site { listen, upstreams, limit: None, workers: None, access_log: false }
    }

    #[test]
    fn the_groups_are_those_that_operators_get() {
        let (_why, groups) = SHIPPED.split_once("\n\n").unwrap();
        assert_eq!(site().files().unwrap().upstreams, format!("\n{groups}"));
    }

    #[test]
    fn all_that_differs_is_where_it_listens_and_how_much_one_address_may() {
        let site = Site { limit: Some((7, 9)), ..site() };
        let ours = site.files().unwrap().ticketing;
        let lines = ours.lines().zip(TICKETING.lines()).filter(|(one, other)| one != other);
        let changed: Vec<_> = lines.map(|(ours, _)| ours.trim()).collect();
        assert_eq!(
            changed,
            [
                "limit_req_zone $binary_remote_addr zone=ticketing_address:16m rate=7r/s;",
                "listen 127.0.0.1:8088;",
                "limit_req zone=ticketing_address burst=9 nodelay;",
            ]
        );
        assert_eq!(ours.lines().count(), TICKETING.lines().count());
    }

    #[test]
    fn a_service_without_an_address_is_named() {
        let site = Site { upstreams: Upstreams { orders: vec![], ..site().upstreams }, ..site() };
        let error = site.files().err().unwrap();
        assert_eq!(error.to_string(), "nginx has nobody to ask for orders");
    }
}
