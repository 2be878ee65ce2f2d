//! One OpenAPI 3.1 document (<https://spec.openapis.org/oas/v3.1.0>) from the contexts' parts.
//!
//! A handler says only what is its own: the answers it gives and the refusals its context makes.
//! What holds for every request of a kind (a body may be too large, an id may be no UUID, a session
//! may be missing) is added here, once.

use http_kit::problem::Document;
use utoipa::openapi::path::{
    HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn, PathItem,
};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, Content, ContentBuilder, Header, InfoBuilder, License, ObjectBuilder, OpenApi, Ref,
    RefOr, Response, ResponseBuilder, ServerBuilder, Type,
};
use utoipa::{PartialSchema, ToSchema};

const DESCRIPTION: &str = "Sellers list tickets, buyers reserve them, and have a while to pay by \
card; an unpaid reservation goes back on sale. Money is a JSON number in major units with at most \
two decimals; times are RFC 3339, UTC. Every refusal is an RFC 9457 problem document whose `type` \
leads to a page about it. Sign up at `/self-service/registration/api`.";

const TAGS: &[(&str, &str)] = &[
    ("tickets", "What sellers list."),
    ("orders", "Reservations, and what became of them."),
    ("payments", "Paying for an order, by card."),
    ("users", "Who is signed in."),
    ("identity", "Signing up, in and out, in Ory Kratos' API."),
    ("operation", "Health and documents."),
];

/// The session token, as `Authorization: Bearer …`.
const TOKEN: &str = "sessionToken";

/// The session cookie of a browser.
const COOKIE: &str = "sessionCookie";

/// The document of the whole API, from the parts that describe their own routes.
#[must_use]
pub fn openapi(parts: Vec<OpenApi>) -> OpenApi {
    let mut all = parts.into_iter().fold(OpenApi::default(), |mut all, part| {
        all.merge(part);
        all
    });
    all.info = InfoBuilder::new()
        .title("Ticketing")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(License::new("Apache-2.0")))
        .build();
    all.servers = Some(vec![ServerBuilder::new().url("/").build()]);
    let tag = |(name, text): &(&str, &str)| {
        TagBuilder::new().name(*name).description(Some(*text)).build()
    };
    all.tags = Some(TAGS.iter().map(tag).collect());
    all.security = Some([TOKEN, COOKIE].map(requirement).to_vec());
    describe_problems_and_sessions(all.components.get_or_insert_default());
    for (path, item) in &mut all.paths.paths {
        if let Some(post) = item.post.as_mut().filter(|_| path.starts_with("/api/")) {
            take_idempotency_key(post);
        }
        if path.starts_with("/api/") || path.starts_with("/sessions") {
            let PathItem { post, delete, patch, .. } = item;
            [post, delete, patch].into_iter().flatten().for_each(be_of_our_pages);
        }
        operations(item).for_each(complete);
    }
    all
}

fn requirement(scheme: &str) -> SecurityRequirement {
    SecurityRequirement::new::<_, [&str; 0], &str>(scheme, [])
}

fn describe_problems_and_sessions(components: &mut Components) {
    let mut schemas = vec![(Document::name().into_owned(), Document::schema())];
    Document::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The `session_token` that signing in by an API flow answers."))
        .build();
    let cookie = "The cookie that signing in by a browser flow sets.";
    let cookie = ApiKeyValue::with_description(http_kit::caller::SESSION_COOKIE, cookie);
    let metrics = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("What the operator configured as METRICS_TOKEN."))
        .build();
    components.add_security_scheme("metricsToken", SecurityScheme::Http(metrics));
    components.add_security_scheme(TOKEN, SecurityScheme::Http(bearer));
    components.add_security_scheme(COOKIE, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// 1 to 255 visible ASCII characters, bare or as a string by RFC 9651.
const KEY: &str = r##"^([!#-~][!-~]{0,254}|"([!#-\[\]-~]|\\["\\]){1,255}")$"##;

/// Every POST of the API may be sent again with the same key.
fn take_idempotency_key(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        let mut replayed = Header::new(ObjectBuilder::new().schema_type(Type::String).build());
        replayed.description = Some("`true` when this answer was given before.".to_owned());
        response.headers.insert("Idempotent-Replayed".to_owned(), replayed.into());
    }
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(KEY)).build();
    let parameter = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "Makes the request safe to repeat: the same key and body get the first answer again, \
             for 24 hours. 1 to 255 visible ASCII characters, bare or as a quoted string.",
        ))
        .schema(Some(text))
        .build();
    operation.parameters.get_or_insert_default().push(parameter.into());
    let reused = "`idempotency-key-reused`: the key came with another body before.";
    add_reason(operation, "409", reused);
}

/// What changes something isn't taken from another site's page, by the cookie alone.
fn be_of_our_pages(operation: &mut Operation) {
    add_reason(
        operation,
        "403",
        "`cross-site-request`: another site told the browser to send this.",
    );
}

/// Says one more reason for `status`.
fn add_reason(operation: &mut Operation, status: &str, text: &str) {
    let responses = &mut operation.responses.responses;
    match responses.get_mut(status) {
        Some(RefOr::T(known)) => known.description = format!("{} {text}", known.description),
        Some(RefOr::Ref(_)) => {}
        None => {
            let response = ResponseBuilder::new().description(text).build();
            responses.insert(status.to_owned(), response.into());
        }
    }
}

/// Adds what holds for every operation of its kind.
fn complete(operation: &mut Operation) {
    for (status, description) in implied(operation) {
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.to_owned())
            .or_insert_with(|| ResponseBuilder::new().description(description).build().into());
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if status.as_str() >= "400" {
            make_problem(status, response);
        }
    }
}

fn implied(operation: &Operation) -> Vec<(&'static str, &'static str)> {
    let has_body = operation.request_body.is_some();
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let is_read = |parameter: &RefOr<Parameter>| {
        let RefOr::T(parameter) = parameter else { return true };
        matches!(parameter.parameter_in, ParameterIn::Path | ParameterIn::Query)
    };
    let mut implied = vec![
        ("429", "`too-many-requests`: wait as long as `Retry-After` says."),
        ("500", "`internal`: our fault; it is in our log."),
        (
            "503",
            "`unavailable`, `overloaded`, `storage-full`: a part of the exchange is away, busy \
            or without room. Try again.",
        ),
        ("414", "`uri-too-long`: the path and its query are longer than 8 KiB."),
        ("431", "`headers-too-large`: the header fields are larger than 16 KiB."),
        ("504", "`timeout`: it took too long. It may have been carried out: look first."),
    ];
    if has_body || parameters.iter().any(is_read) {
        implied.push(("400", "`validation`: a field or parameter is wrong; see `errors`."));
    }
    if has_body {
        implied.push(("408", "`request-timeout`: the body came too slowly."));
        implied.push(("413", "`too-large`: the body is larger than 1 MiB."));
        implied.push(("415", "`unsupported-media-type`: the body is not JSON."));
    }
    if operation.security.is_none() {
        implied.push(("401", "`not-signed-in`: sign in first."));
    }
    implied
}

/// Gives a refusal the shape that all have, unless it says otherwise.
fn make_problem(status: &str, response: &mut Response) {
    if response.content.is_empty() {
        let content: Content =
            ContentBuilder::new().schema(Some(Ref::from_schema_name(Document::name()))).build();
        response.content.insert("application/problem+json".to_owned(), content.into());
    }
    let header = match status {
        "429" | "503" => ("Retry-After", Type::Integer, "When to try again, in seconds."),
        "401" => ("WWW-Authenticate", Type::String, "How to sign in."),
        _ => return,
    };
    let (name, kind, description) = header;
    let mut header = Header::new(ObjectBuilder::new().schema_type(kind).build());
    header.description = Some(description.to_owned());
    response.headers.insert(name.to_owned(), header.into());
}

/// Every operation of `document`, as method and path.
#[must_use]
pub fn routes_of(document: &OpenApi) -> Vec<(HttpMethod, String)> {
    let mut routes = Vec::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in [
            (HttpMethod::Get, &item.get),
            (HttpMethod::Post, &item.post),
            (HttpMethod::Put, &item.put),
            (HttpMethod::Patch, &item.patch),
            (HttpMethod::Delete, &item.delete),
        ] {
            routes.extend(operation.is_some().then(|| (method, path.clone())));
        }
    }
    routes
}
