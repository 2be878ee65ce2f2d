//! `/register`: an account.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode};
use maud::{Markup, html};
use serde_json::json;

use super::{failure, see_other, sign_in};
use crate::Web;
use crate::api::flows::{Flow, Kind, Kratos, Submitted};
use crate::api::{Api, Failed};
use crate::forms::{Form, Post};
use crate::parts::credentials::{self, Faults};
use crate::parts::hidden;
use crate::parts::layout::Page;
use crate::parts::note::{self, Tone};
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
        let flow = match flow {
            Some(flow) => flow,
            None => match kratos.begin(Kind::Register, false).await? {
                Some(flow) => flow,
                // somebody is signed in already
                None => return Ok(see_other(return_to(self.form.get("return_to")), [])),
            },
        };
        let cookies = std::mem::take(&mut kratos.set);
        Ok(self.show(visitor, &flow, cookies))
    }

    fn show(&self, visitor: &Visitor, flow: &Flow, cookies: Vec<HeaderValue>) -> Response {
        let (language, form) = (visitor.language, self.form);
        let back = return_to(form.get("return_to"));
        let fault = credentials::fault(language, &self.faults, None);
        let content = html! {
            div.narrow {
                h1 { (language.say("register-page")) }
                p.lead { (language.say("register-lead")) }
                @if let Some(note) = &self.note { (note) }
                @if let Some(fault) = fault { (note::note(Tone::Bad, &fault, None)) }
                form method="post" action="/register" data-once data-check {
                    (hidden(visitor))
                    input type="hidden" name="flow" value=(flow.id);
                    input type="hidden" name="csrf_token" value=(flow.csrf_token());
                    input type="hidden" name="return_to" value=(back);
                    (credentials::email(language, form.get("email"), &self.faults))
                    (credentials::new_password(language, &self.faults))
                    button.wide-button { (language.say("register-button")) }
                }
                p { (language.say("register-has-account")) " "
                    a href=(failure::sign_in_for(back)) { (language.say("sign-in-link")) } }
            }
        };
        let page = Page::new(visitor, language.say("register-page")).fleeting();
        let is_fine = self.faults.is_empty();
        let status = if is_fine { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        Page { status, cookies, ..page }.show(&content)
    }
}

pub(crate) async fn register(State(web): State<Web>, Post { visitor, form }: Post) -> Response {
    let mut kratos = Kratos::new(Api::new(&web, &visitor));
    let filled_in = json!({
        "traits": { "email": form.get("email").trim() },
        "password": form.get("password"),
        "csrf_token": form.get("csrf_token"),
    });
    let submitted = kratos.submit(Kind::Register, form.get("flow"), filled_in).await;
    let tried = |faults, note| Tried { form: &form, faults, note };
    let shown = match submitted {
        Ok(Submitted::Done) => {
            let back = return_to(form.get("return_to"));
            return see_other(&note::with(back, "welcome"), kratos.set);
        }
        Ok(Submitted::Faulty(flow)) => {
            let faults = credentials::faults_of(&flow);
            tried(faults, None).page(&mut kratos, &visitor, Some(flow)).await
        }
        Ok(Submitted::TooSoon(seconds)) => {
            let note = Some(sign_in::throttled(&visitor, seconds));
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
