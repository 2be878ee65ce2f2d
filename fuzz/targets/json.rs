//! A body, read as the exchange reads one: it is taken or refused, and a refusal names its rules.
#![no_main]

use http_kit::Fields;
use http_kit::body::{number, text};
use kernel::{Kind, MajorUnits, Refusal, TicketId};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let read = |mut fields: Fields| -> Result<(), Refusal> {
        let id = fields.required("ticketId", text(TicketId::parse));
        let price = fields.required("price", number(MajorUnits::parse));
        let note = fields.nullable("description", text(|text| Ok::<_, &str>(text.to_owned())));
        fields.build(|| Some((id?, price?, note))).map(|_| ())
    };
    if let Err(refusal) = Fields::parse(body).and_then(read) {
        assert_eq!(refusal.kind, Kind::Invalid);
        assert!(!refusal.fields.is_empty(), "a refusal that names no rule");
    }
});
