//! The parameters of `GET /api/tickets`, as the API's document describes them: the structured ones
//! in their bracketed form, which OpenAPI calls `deepObject`.

use events::TicketStatus;
use events::schema::{id, one_of, price, time};
use http_kit::params::StartKeyById;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::{AdditionalProperties, SchemaType};
use utoipa::openapi::{Object, ObjectBuilder, OneOfBuilder, RefOr, Schema, Type};
use utoipa::{IntoParams, PartialSchema};

use super::SKIP_MAX;

const COMPARISONS: [&str; 5] = ["eq", "gt", "gte", "lt", "lte"];

const FIELDS: [&str; 11] = [
    "id",
    "title",
    "description",
    "price",
    "currency",
    "version",
    "userId",
    "status",
    "orderId",
    "createdAt",
    "updatedAt",
];

const FILTER: &str = "A condition, such as \
`filter[name]=price&filter[operator]=lte&filter[value]=50`; up to 20. Beside what is shown: \
operators `in` and `nin` with up to 100 values in `arr_value` (for `status`, only these and `eq`), \
and `null` as the value of `orderId` with `eq`: free tickets. `regex` finds its text as it is, \
whatever the case: `swm` at the start, `bnm` anywhere, `ewm` at the end.";

const START_KEY: &str = "Where the page starts: what `next` said, one or two items. With another \
`sort` than by `id`, the sort's field comes first, then `id`.";

/// What can be asked.
pub(in crate::http) struct Parameters;

impl IntoParams for Parameters {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let direction = whole(-1, 1).enum_values(Some([1, -1])).build();
        let sort = members(&[
            ("field", one_of(["id", "title", "price", "createdAt"])),
            ("order", direction),
        ]);
        let mode = whole(0, 1).build();
        let projection = members(&[("name", one_of(FIELDS)), ("mode", mode)]);
        let words = text().max_length(Some(200)).build();
        vec![
            plain("limit", whole(1, 100), "Tickets on a page; 10 if nothing is said."),
            plain("skip", whole(0, SKIP_MAX), "Tickets passed over; better is `start_key`."),
            plain("q", words, "Words of the name, in any order, by their beginnings."),
            deep("filter", filter(), FILTER),
            deep("sort", sort, "The order; newest first if nothing is said. Ties go by `id`."),
            deep("start_key", StartKeyById::schema(), START_KEY),
            deep("projection", projection, "Fields to show (1) or leave out (0); `id` stays."),
        ]
    }
}

fn filter() -> Schema {
    let comparison = |name: &'static str, value: Object| {
        members(&[("name", one_of([name])), ("operator", one_of(COMPARISONS)), ("value", value)])
    };
    let typed = || text().min_length(Some(1)).max_length(Some(200)).build();
    let statuses = TicketStatus::ALL.iter().map(|status| status.as_str());
    let status = text().enum_values(Some(statuses)).build();
    let found = members(&[
        ("name", one_of(["title"])),
        ("operator", one_of(["regex"])),
        ("mode", one_of(["swm", "bnm", "ewm"])),
        ("value", typed()),
    ]);
    OneOfBuilder::new()
        .item(comparison("id", id()))
        .item(comparison("title", typed()))
        .item(found)
        .item(comparison("price", price()))
        .item(comparison("userId", id()))
        .item(comparison("orderId", id()))
        .item(comparison("createdAt", time()))
        .item(members(&[
            ("name", one_of(["status"])),
            ("operator", one_of(["eq"])),
            ("value", status),
        ]))
        .into()
}

/// An object with these members, all of them.
fn members(members: &[(&str, Object)]) -> Object {
    let mut object = ObjectBuilder::new()
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
    for (name, schema) in members {
        object = object.property(*name, schema.clone()).required(*name);
    }
    object.build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(Type::String))
}

fn whole(least: impl Into<f64>, most: impl Into<f64>) -> ObjectBuilder {
    let (least, most): (f64, f64) = (least.into(), most.into());
    let kind = SchemaType::new(Type::Integer);
    ObjectBuilder::new().schema_type(kind).minimum(Some(least)).maximum(Some(most))
}

fn plain(name: &str, schema: impl Into<RefOr<Schema>>, description: &str) -> Parameter {
    of_query(name, schema, description).build()
}

fn deep(name: &str, schema: impl Into<RefOr<Schema>>, description: &str) -> Parameter {
    let parameter = of_query(name, schema, description);
    parameter.style(Some(ParameterStyle::DeepObject)).explode(Some(true)).build()
}

fn of_query(name: &str, schema: impl Into<RefOr<Schema>>, description: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(utoipa::openapi::Required::False)
        .description(Some(description))
        .schema(Some(schema))
}
