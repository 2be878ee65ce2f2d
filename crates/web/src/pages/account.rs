//! `/account`: another password, and the sessions that are open.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, StatusCode};
use maud::{Markup, html};
use serde_json::json;

use super::{failure, see_other, sign_in};
use crate::Web;
use crate::api::flows::{Flow, Kind, Kratos, Session, Submitted};
use crate::api::{Api, Failed};
use crate::forms::Post;
use crate::parts::credentials::{self, Faults};
use crate::parts::layout::Page;
use crate::parts::note::{self, Tone};
use crate::parts::{hidden, moment};
use crate::session::Visitor;
use crate::texts::Language;

/// The longest text about a browser that is shown, in characters.
const BROWSER_MAX: usize = 120;

pub(crate) async fn show(State(web): State<Web>, visitor: Visitor) -> Response {
    let nothing = (Faults::new(), None);
    failure::answer(&visitor, page(&web, &visitor, nothing, Vec::new()).await)
}

/// The page, with what became of the form for the password.
async fn page(
    web: &Web,
    visitor: &Visitor,
    (faults, note): (Faults, Option<Markup>),
    cookies: Vec<HeaderValue>,
) -> Result<Response, Failed> {
    let api = Api::new(web, visitor);
    let (mut first, mut second) = (Kratos::new(api), Kratos::new(api));
    let (user, present, others) = tokio::join!(api.user(), first.present(), second.others());
    let (user, present, others) = (user?, present?, others?);
    let language = visitor.language;
    let content = html! {
        h1 { (language.say("account-page")) }
        p.lead { (language.fill("account-who", &[("email", (&*user.email).into())])) }
        div.columns {
            section aria-labelledby="password-title" {
                h2 #password-title { (language.say("password-title")) }
                @if let Some(note) = &note { (note) }
                (password_form(visitor, &user.email, &faults))
            }
            section aria-labelledby="sessions" {
                h2 #sessions { (language.say("sessions-title")) }
                p.hint { (language.say("sessions-lead")) }
                (sessions(visitor, &present, &others))
            }
        }
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let page = Page::new(visitor, language.say("account-page")).fleeting();
    Ok(Page { status, cookies, ..page }.show(&content))
}

fn password_form(visitor: &Visitor, email: &str, faults: &Faults) -> Markup {
    let language = visitor.language;
    html! {
        form method="post" action="/account/password" data-once data-check {
            (hidden(visitor))
            // managers of passwords want to know whose it is
            input.unseen type="email" name="email" value=(email) autocomplete="username" readonly
                tabindex="-1" aria-hidden="true";
            (credentials::password(language, "current", faults))
            (credentials::new_password(language, faults))
            button { (language.say("password-button")) }
        }
    }
}

fn sessions(visitor: &Visitor, present: &Session, others: &[Session]) -> Markup {
    let language = visitor.language;
    html! {
        ul.sessions {
            li {
                (about(language, present))
                p.badge.badge-free { (language.say("session-present")) }
            }
            @for session in others {
                li {
                    (about(language, session))
                    form method="post" action="/account/sessions" data-once {
                        (hidden(visitor))
                        input type="hidden" name="session" value=(session.id);
                        button.quiet { (language.say("session-end"))
                            span.unseen { ": " (browser(language, session)) } }
                    }
                }
            }
        }
        @if others.len() > 1 {
            form method="post" action="/account/sessions" data-once {
                (hidden(visitor))
                button.quiet { (language.say("sessions-end-others")) }
            }
        }
    }
}

fn about(language: Language, session: &Session) -> Markup {
    let address = session.devices.first().and_then(|device| device.ip_address.as_deref());
    html! {
        div {
            p { strong { (browser(language, session)) } }
            p.hint {
                @if let Some(address) = address { (address) " · " }
                (moment::around(language, "session-since",
                    &moment::instant(language, session.authenticated_at)))
            }
        }
    }
}

/// The browser and its system in a few words, where they are among those that people know.
fn browser(language: Language, session: &Session) -> String {
    let agent = session.devices.first().and_then(|device| device.user_agent.as_deref());
    let Some(agent) = agent else { return language.say("session-unknown").into_owned() };
    let first = |known: &[(&'static str, &'static str)]| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    // those who call themselves by others' names, too, come first
    let program = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program} · {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => agent.chars().take(BROWSER_MAX).collect(),
    }
}

/// `POST /account/password`
pub(crate) async fn change_password(
    State(web): State<Web>,
    Post { visitor, form }: Post,
) -> Response {
    let api = Api::new(&web, &visitor);
    let mut kratos = Kratos::new(api);
    let (current, password) = (form.get("current"), form.get("password"));
    let refused = match change(&mut kratos, api, current, password).await {
        Ok(Submitted::Done) => {
            let path = note::with("/account", "password-changed");
            return see_other(&path, std::mem::take(&mut kratos.set));
        }
        Ok(Submitted::Faulty(flow)) => (faults_of(&flow), None),
        Ok(Submitted::TooSoon(seconds)) => {
            (Faults::new(), Some(sign_in::throttled(&visitor, seconds)))
        }
        Ok(Submitted::Stale | Submitted::NeedsRefresh) => {
            let text = visitor.language.say("rule-form-expired");
            (Faults::new(), Some(note::note(Tone::Bad, &text, None)))
        }
        Err(Failed::SignedOut) => return see_other(&failure::sign_in_for("/account"), []),
        Err(failed) => return failure::page(&visitor, &failed),
    };
    let cookies = std::mem::take(&mut kratos.set);
    failure::answer(&visitor, page(&web, &visitor, refused, cookies).await)
}

/// Shows the present password first: Kratos wants it shown not long ago before it takes another.
async fn change(
    kratos: &mut Kratos<'_>,
    api: Api<'_>,
    current: &str,
    password: &str,
) -> Result<Submitted, Failed> {
    let email = api.user().await?.email;
    let Some(flow) = kratos.begin(Kind::SignIn, true).await? else { return Ok(Submitted::Stale) };
    let shown = json!({
        "identifier": email, "password": current, "csrf_token": flow.csrf_token(),
    });
    match kratos.submit(Kind::SignIn, &flow.id, shown).await? {
        Submitted::Done => {}
        other => return Ok(other),
    }
    let Some(flow) = kratos.begin(Kind::Settings, false).await? else {
        return Ok(Submitted::Stale);
    };
    let chosen = json!({ "password": password, "csrf_token": flow.csrf_token() });
    kratos.submit(Kind::Settings, &flow.id, chosen).await
}

/// What is wrong with the present password is of the form to sign in; the rest is of the new one.
fn faults_of(flow: &Flow) -> Faults {
    let of_current = |key: &str| matches!(key, "rule-credentials" | "rule-password-missing");
    let faults = credentials::faults_of(flow).into_iter();
    let told = faults.map(|(field, key)| match key {
        "rule-credentials" => (Some("current"), "rule-current"),
        key if of_current(key) && flow.is_sign_in() => (Some("current"), key),
        key => (field.or(Some("password")), key),
    });
    told.collect()
}

/// `POST /account/sessions`
pub(crate) async fn revoke(State(web): State<Web>, Post { visitor, form }: Post) -> Response {
    let mut kratos = Kratos::new(Api::new(&web, &visitor));
    match kratos.revoke(form.typed("session")).await {
        Ok(()) => see_other(&note::with("/account", "session-revoked"), []),
        Err(Failed::SignedOut) => see_other(&failure::sign_in_for("/account"), []),
        Err(failed) => see_other(&note::with("/account", failure::note_of(&failed)), []),
    }
}
