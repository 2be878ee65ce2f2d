//! The query of `GET /api/tickets`: any text is a query or a refusal that names its rules.
#![no_main]

use kernel::Kind;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|query: &str| {
    match tickets::http::query::parse(query) {
        Ok((query, _projection)) => assert!((1..=100).contains(&query.limit)),
        Err(refusal) => {
            assert_eq!(refusal.kind, Kind::Invalid);
            assert!(!refusal.fields.is_empty(), "a refusal that names no rule");
        }
    }
});
