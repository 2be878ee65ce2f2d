//! `/sign-in`: signing in, and going on where one was, with what was typed.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode};
use kernel::TicketId;
use maud::{Markup, html};
use serde_json::json;

use super::{failure, see_other, sell, ticket_edit};
use crate::Web;
use crate::api::flows::{Flow, Kind, Kratos, Submitted};
use crate::api::{Api, Failed};
use crate::forms::{Form, Post};
use crate::parts::credentials::{self, Faults};
use crate::parts::layout::Page;
use crate::parts::note::{self, Tone};
use crate::parts::{hidden, offer};
use crate::session::{Visitor, return_to};

pub(crate) async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Form::read(query.unwrap_or_default().as_bytes());
    let form = Form::default().with("return_to", return_to(query.get("return_to")));
    let mut kratos = Kratos::new(Api::new(&web, &visitor));
    let tried = Tried { form: &form, faults: Faults::new(), note: None };
    failure::answer(&visitor, tried.page(&mut kratos, &visitor, None).await)
}

/// What was typed into the form so far, and what became of it.
struct Tried<'a> {
    form: &'a Form,
    faults: Faults,
    note: Option<Markup>,
}

impl Tried<'_> {
    /// The page with the form of `flow`, or of a new one.
    async fn page(
        self,
        kratos: &mut Kratos<'_>,
        visitor: &Visitor,
        flow: Option<Flow>,
    ) -> Result<Response, Failed> {
        let back = return_to(self.form.get("return_to"));
        let flow = match flow {
            Some(flow) => flow,
            None => match kratos.begin(Kind::SignIn, false).await? {
                Some(flow) => flow,
                // somebody is signed in already
                None => return Ok(see_other(back, std::mem::take(&mut kratos.set))),
            },
        };
        let cookies = std::mem::take(&mut kratos.set);
        Ok(self.show(visitor, &flow, cookies))
    }

    fn show(&self, visitor: &Visitor, flow: &Flow, cookies: Vec<HeaderValue>) -> Response {
        let (language, form) = (visitor.language, self.form);
        let back = return_to(form.get("return_to"));
        let mut query = form_urlencoded::Serializer::for_suffix(String::from("/register?"), 10);
        let register = query.append_pair("return_to", back).finish();
        let fault = credentials::fault(language, &self.faults, None);
        let content = html! {
            div.narrow {
                h1 { (language.say("sign-in-page")) }
                @if let Some(note) = &self.note { (note) }
                @if let Some(fault) = fault { (note::note(Tone::Bad, &fault, None)) }
                form method="post" action="/sign-in" data-once data-check {
                    (hidden(visitor))
                    input type="hidden" name="flow" value=(flow.id);
                    input type="hidden" name="csrf_token" value=(flow.csrf_token());
                    input type="hidden" name="return_to" value=(back);
                    @if let Some(carried) = form.typed("carried") {
                        input type="hidden" name="carried" value=(carried);
                    }
                    (credentials::email(language, form.get("email"), &self.faults))
                    (credentials::password(language, "password", &self.faults))
                    button.wide-button { (language.say("sign-in-button")) }
                }
                p { (language.say("sign-in-no-account")) " "
                    a href=(register) { (language.say("register-link")) } }
            }
        };
        let page = Page::new(visitor, language.say("sign-in-page")).fleeting();
        let is_fine = self.faults.is_empty();
        let status = if is_fine { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        Page { status, cookies, ..page }.show(&content)
    }
}

/// The page for somebody whose session ended while they filled in `form` of the page at `path`.
pub(crate) async fn interrupted(web: &Web, visitor: &Visitor, path: &str, form: &Form) -> Response {
    let carried = Form::default().with("return_to", path).with("carried", form.kept());
    let mut kratos = Kratos::new(Api::new(web, visitor));
    let language = visitor.language;
    let next = language.say("session-over-next");
    let note = Some(note::note(Tone::Neutral, &language.say("session-over"), Some(&next)));
    let tried = Tried { form: &carried, faults: Faults::new(), note };
    failure::answer(visitor, tried.page(&mut kratos, visitor, None).await)
}

pub(crate) async fn sign_in(State(web): State<Web>, Post { visitor, form }: Post) -> Response {
    let mut kratos = Kratos::new(Api::new(&web, &visitor));
    let submitted = kratos.submit(Kind::SignIn, form.get("flow"), filled_in(&form)).await;
    let tried = |faults, note| Tried { form: &form, faults, note };
    let shown = match submitted {
        Ok(Submitted::Done) => return resumed(&web, &visitor, &form, kratos.set),
        Ok(Submitted::Faulty(flow)) => {
            let faults = credentials::faults_of(&flow);
            tried(faults, None).page(&mut kratos, &visitor, Some(flow)).await
        }
        Ok(Submitted::TooSoon(seconds)) => {
            let note = Some(throttled(&visitor, seconds));
            tried(Faults::new(), note).page(&mut kratos, &visitor, None).await
        }
        Ok(Submitted::Stale | Submitted::NeedsRefresh) => {
            let faults = vec![(None, "rule-form-expired")];
            tried(faults, None).page(&mut kratos, &visitor, None).await
        }
        Err(failed) => Err(failed),
    };
    failure::answer(&visitor, shown)
}

fn filled_in(form: &Form) -> serde_json::Value {
    json!({
        "identifier": form.get("email").trim(),
        "password": form.get("password"),
        "csrf_token": form.get("csrf_token"),
    })
}

/// Says how long somebody has to wait who failed too often.
pub(crate) fn throttled(visitor: &Visitor, seconds: u64) -> Markup {
    let language = visitor.language;
    let (key, count) = if seconds < 60 {
        ("wait-seconds", seconds)
    } else {
        ("wait-minutes", seconds.div_ceil(60))
    };
    let next = language.fill(key, &[("count", count.into())]);
    note::note(Tone::Bad, &language.say("throttled"), Some(&next))
}

/// Goes on where the visitor was: to the page, or to its form with what was typed.
pub(crate) fn resumed(
    web: &Web,
    visitor: &Visitor,
    form: &Form,
    cookies: Vec<HeaderValue>,
) -> Response {
    let back = return_to(form.get("return_to"));
    let Some(carried) = form.typed("carried") else { return see_other(back, cookies) };
    let carried = Form::read(carried.as_bytes());
    let ticket = back.strip_prefix("/tickets/").and_then(|rest| rest.strip_suffix("/edit"));
    let (none, code) = (offer::Faults::new(), "signed-in-again");
    let mut shown = match ticket.map(TicketId::parse) {
        Some(Ok(id)) => ticket_edit::page(web, visitor, id, &carried, &none, code),
        _ if back == "/sell" => sell::page(web, visitor, &carried, &none, code),
        _ => return see_other(back, cookies),
    };
    for cookie in cookies {
        shown.headers_mut().append(http::header::SET_COOKIE, cookie);
    }
    shown
}
