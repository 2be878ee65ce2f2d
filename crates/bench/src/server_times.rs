//! How long the exchange took by its own clock, from a request's head to its answer's, as its
//! metrics tell it: without the wait for a processor that it shares with the clients.

use anyhow::{Context, ensure};

use crate::exchange::Exchange;

const METRIC: &str = "http_request_duration_seconds_bucket";

/// How many requests of a route were answered within each bound so far.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ServerTimes(Vec<(f64, f64)>);

impl ServerTimes {
    /// Of `GET route`, so far.
    pub(crate) async fn so_far(exchange: &Exchange, route: &str) -> anyhow::Result<Self> {
        let answer = exchange.get("/metrics").await?;
        Self::read(std::str::from_utf8(answer.body())?, route)
    }

    fn read(text: &str, route: &str) -> anyhow::Result<Self> {
        let start = format!("{METRIC}{{method=\"GET\",route=\"{route}\",le=\"");
        let lines = text.lines().filter_map(|line| line.strip_prefix(&start)?.split_once("\"} "));
        let number = |text: &str| if text == "+Inf" { Ok(f64::INFINITY) } else { text.parse() };
        let bucket = |(bound, count): (&str, &str)| Ok((number(bound)?, number(count)?));
        let buckets = lines.map(bucket).collect::<anyhow::Result<Vec<_>>>().context(METRIC)?;
        ensure!(!buckets.is_empty(), "the exchange tells no times of {route}");
        Ok(Self(buckets))
    }

    /// The quantile `share` of what was answered since `before`, in milliseconds: between two
    /// bounds, as Prometheus' `histogram_quantile` tells it.
    pub(crate) fn quantile_since(&self, before: &Self, share: f64) -> f64 {
        let counts =
            self.0.iter().zip(&before.0).map(|((bound, now), (_, then))| (*bound, now - then));
        let counts: Vec<_> = counts.collect();
        let wanted = counts.last().map_or(0.0, |(_, all)| all * share);
        let (mut low, mut below) = (0.0, 0.0);
        for (high, within) in counts {
            if within >= wanted && within > below {
                let part = (wanted - below) / (within - below);
                let time = if high.is_finite() { low + (high - low) * part } else { low };
                return time * 1e3;
            }
            (low, below) = (high, within);
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(counts: [u32; 3]) -> ServerTimes {
        let line = |(bound, count)| {
            format!("{METRIC}{{method=\"GET\",route=\"/\",le=\"{bound}\"}} {count}\n")
        };
        let lines = ["0.001", "0.002", "+Inf"].into_iter().zip(counts).map(line);
        let other = format!("{METRIC}{{method=\"POST\",route=\"/\",le=\"1\"}} 5\n");
        ServerTimes::read(&(lines.collect::<String>() + &other), "/").unwrap()
    }

    #[test]
    fn a_bound_is_reached_when_the_share_is() {
        let (before, after) = (times([10, 10, 10]), times([60, 109, 110]));
        assert_eq!(after.quantile_since(&before, 0.5), 1.0);
        assert_eq!(after.quantile_since(&before, 0.99), 2.0);
        assert!(after.quantile_since(&before, 0.25) < 1.0);
        let worse = times([60, 108, 110]);
        assert_eq!(
            worse.quantile_since(&before, 0.99),
            2.0,
            "more than that, nobody knows how much"
        );
        assert_eq!(before.quantile_since(&before, 0.99), 0.0);
    }

    #[test]
    fn a_route_that_nobody_asked_for_is_missing() {
        assert!(ServerTimes::read("", "/").is_err());
    }
}
