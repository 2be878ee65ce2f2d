//! Every metric there is: one place for the names, for what they tell, and for what to do.

use super::{Kind, Metric};

/// From the quickest answers to the time limit of a request, in seconds.
const LATENCY: &[f64] = &[
    0.0005, 0.001, 0.002, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    30.0,
];

/// From a millisecond to an hour, in seconds: the contract allows a timer two.
const LATENESS: &[f64] = &[0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 60.0, 3600.0];

/// Up to the most batches one commit takes.
const GROUP: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

macro_rules! catalog {
    ($($constant:ident = $name:literal, $kind:expr, [$($label:literal),*], $help:literal,
        $watch:literal;)+) => {
        $(#[doc = $help]
        pub const $constant: Metric = Metric {
            name: $name, kind: $kind, labels: &[$($label),*], help: $help, watch: $watch,
        };)+

        /// All of them, in the order of the handbook's table.
        pub const ALL: &[Metric] = &[$($constant),+];
    };
}

catalog! {
    HTTP_REQUESTS = "http_requests_total", Kind::Counter, ["method", "route", "status"],
        "Requests by route and status; status is `gone` when the client didn't wait for it.",
        "5xx: see the log for their trace ids. Many 429 or 503: see below. Many `gone`: clients' \
         time-outs are shorter than the latencies.";
    HTTP_DURATION = "http_request_duration_seconds", Kind::Histogram(LATENCY), ["method", "route"],
        "Time from a request's head to its answer's head.",
        "Slow writes: look at database_commit_duration_seconds. Slow everything: processors.";
    HTTP_IN_FLIGHT = "http_requests_in_flight", Kind::Gauge, [],
        "Requests being answered now.",
        "Grows without end: something waits; compare the commit duration and the readers.";
    HTTP_RATE_LIMITED = "http_rate_limited_total", Kind::Counter, ["scope"],
        "Requests refused with 429, by the limit that refused them.",
        "One client: let it be. Everybody: the limits are too low, or a proxy's address is \
         counted for its clients'.";
    HTTP_SHED = "http_shed_total", Kind::Counter, ["kind"],
        "Requests refused with 503 because too many were in flight; reads are shed first.",
        "More than now and then: the machine is too small for its load.";
    IDEMPOTENCY = "idempotency_keys_total", Kind::Counter, ["outcome"],
        "POSTs with an Idempotency-Key, by what came of the key.",
        "Many replays: clients time out and repeat. Conflicts: a client reuses its keys.";
    COMMITS = "database_commits_total", Kind::Counter, ["database", "outcome"],
        "Commits, each of a group of batches with one fsync; `failed` ones stored nothing.",
        "Any `failed`: disk full, read-only or locked by another program; see the log.";
    COMMIT_DURATION = "database_commit_duration_seconds", Kind::Histogram(LATENCY), ["database"],
        "Time a commit took, its fsync included.",
        "Above 50 ms: a slow or shared disk. Put DATA on a local SSD.";
    COMMIT_GROUP = "database_commit_batches", Kind::Histogram(GROUP), ["database"],
        "Batches that one commit stored.",
        "Large groups are good: many writers shared an fsync. At 512 all the time, writes queue.";
    BATCHES = "database_batches_total", Kind::Counter, ["database", "outcome"],
        "Batches by outcome: applied, refused by a guard or a constraint (somebody else was \
         first), or failed.",
        "Refused is how races end. Failed: as for commits.";
    READERS_BUSY = "database_readers_busy", Kind::Gauge, ["database"],
        "Reads under way, of the eight there can be at once.",
        "Eight all the time: reads queue; look for slow queries.";
    OUTBOX_WAITING = "outbox_undelivered_events", Kind::Gauge, ["context"],
        "Committed events that not everybody has handled yet; counted up to 100,000.",
        "Grows: see outbox_lag_seconds.";
    OUTBOX_LAG = "outbox_lag_seconds", Kind::Gauge, ["context"],
        "Age of the oldest such event.",
        "Above 5 s: a subscriber's database can't be written, or the machine is overloaded.";
    OUTBOX_WAITS = "outbox_waits_total", Kind::Counter, ["context"],
        "Orders and listings that waited, two seconds at most, while many events were on the way.",
        "Grows all the time: more is asked for than the machine or the broker carries out.";
    DEAD_LETTERS = "dead_letters", Kind::Gauge, ["context"],
        "Events parked because they could not be handled; counted up to 100,000.",
        "Any: look at the reasons in the table dead_letters; see below.";
    DELIVERIES = "event_deliveries_total", Kind::Counter, ["event", "subscriber", "outcome"],
        "Deliveries of events by how they ended: handled, parked as a dead letter, or given back \
         to be delivered again.",
        "Any `parked`: a fault of ours. `given_back`: the subscriber's database was away for long.";
    DELIVERY_RETRIES = "event_delivery_retries_total", Kind::Counter, ["event", "subscriber"],
        "Deliveries that failed and were tried again.",
        "Now and then is fine: two writers met.";
    DELIVERY_DURATION = "event_delivery_duration_seconds", Kind::Histogram(LATENCY),
        ["subscriber"],
        "Time a subscriber took for an event, its repeated tries included.",
        "As for the subscriber's commits.";
    BROKER_CONNECTED = "broker_connected", Kind::Gauge, ["connection"],
        "Whether the connection to RabbitMQ is there, of the one who publishes, of each \
         subscriber and of who listens: 1 or 0.",
        "0: the broker is away; events wait in their outboxes meanwhile, and nothing is lost.";
    BROKER_PUBLISH_DURATION = "broker_publish_duration_seconds", Kind::Histogram(LATENCY), [],
        "Time until RabbitMQ had confirmed that an event is safe, or the publish had failed.",
        "Above 100 ms: the broker's disk is slow, or it has too much to do.";
    TIMERS = "timers_total", Kind::Counter, ["outcome"],
        "Timers of reservations: armed, fired, or dropped when told that the order had ended.",
        "Fired stands still while timers are due: see the log of expiration.";
    TIMER_LATENESS = "timer_lateness_seconds", Kind::Histogram(LATENESS), [],
        "How long after its time a timer fired.",
        "Above 2 s breaks the contract, unless the program was down: the database is slow, or \
         the clock was set forward.";
    REDIS_REQUESTS = "redis_requests_total", Kind::Counter, ["part", "outcome"],
        "Questions to Redis, by what they are for (timers, limits, sessions) and how they ended: \
         answered, failed, or late.",
        "Any failed or late for more than a moment: Redis is away or overloaded; see below.";
    REDIS_DURATION = "redis_request_duration_seconds", Kind::Histogram(LATENCY), ["part"],
        "Time until Redis answered.",
        "Above 10 ms: it swaps, writes its copy to a slow disk, or is far away.";
    ORDERS_MOVED = "orders_status_changes_total", Kind::Counter, ["status", "reason"],
        "Orders that came to this status; the reason is that of a cancellation.",
        "Many cancelled with `payment_failed` or `expired`: ask the card gateway.";
    ORDERS_OPEN = "orders_open", Kind::Gauge, ["status"],
        "Orders that are neither complete nor cancelled, by status; counted up to 100,000.",
        "Stays high past the time to pay: the timers don't fire.";
    PAYMENTS_MOVED = "payments_status_changes_total", Kind::Counter, ["status"],
        "Payments that came to this status.",
        "Any `refunded`: a charge without a ticket was given back; tell us.";
    SIGN_INS = "sign_ins_total", Kind::Counter, ["outcome"],
        "Attempts to sign in: ok, refused, throttled (it came too soon after too many were \
         refused) or failed (our fault).",
        "Many refused or throttled: somebody guesses passwords. Any failed: look into the log.";
    SIGN_UPS = "sign_ups_total", Kind::Counter, ["outcome"],
        "Attempts to sign up: ok, refused, throttled (it came too soon after too many were \
         refused) or failed (our fault).",
        "Many ok: somebody makes accounts by machine. Many throttled: somebody asks who has one.";
    SESSIONS = "sessions_live", Kind::Gauge, [],
        "Sessions that are neither expired nor ended; counted up to 100,000.",
        "Nothing: it says how many are signed in.";
    HEALTH = "health_check_up", Kind::Gauge, ["check"],
        "What /api/health says of each check: 1 up, 0 down, -1 unknown.",
        "0: see the check's name in the chapter on health.";
    DISK_FREE = "data_disk_free_bytes", Kind::Gauge, [],
        "Bytes still free where the data is.",
        "Below twice HEALTH_DISK_FREE_MIN_MIB: make room.";
    BUILD_INFO = "ticketing_build_info", Kind::Gauge, ["version"],
        "Always 1; the label says which release runs.",
        "Nothing.";
    PROCESS_START = "process_start_time_seconds", Kind::Gauge, [],
        "When the program started, in seconds since 1970.",
        "Changes without your doing: it was restarted; see the log's end before.";
    PROCESS_CPU = "process_cpu_seconds_total", Kind::Counter, [],
        "Time the processors spent on the program.",
        "Grows by as much as there are processors: it needs more of them.";
    PROCESS_RESIDENT = "process_resident_memory_bytes", Kind::Gauge, [],
        "Memory the program holds in RAM.",
        "Above HEALTH_MEMORY_MAX_MIB the health check of memory is down.";
    PROCESS_OPEN_FILES = "process_open_fds", Kind::Gauge, [],
        "Files, sockets and pipes the program has open.",
        "Near `ulimit -n`: raise that; connections are refused beyond it.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The rules of <https://prometheus.io/docs/practices/naming/>.
    #[test]
    fn names_follow_the_conventions() {
        let names: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len(), "no name twice");
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        for Metric { name, kind, labels, help, watch } in ALL {
            assert!(is_word(name), "{name}");
            assert!(labels.iter().all(|label| is_word(label) && *label != "le"), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert!(help.ends_with('.') && watch.ends_with('.'), "{name} is said in sentences");
            let plain = |text: &str| !text.contains(['\n', '|', '\\']);
            assert!(plain(help) && plain(watch), "{name} fits into a table and a HELP line");
            if let Kind::Histogram(bounds) = kind {
                assert!(bounds.is_sorted_by(|a, b| a < b), "{name}");
            }
        }
    }
}
