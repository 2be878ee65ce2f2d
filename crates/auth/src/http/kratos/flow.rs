//! Kratos' flow document: the form of an attempt, field by field ("nodes").

use kernel::{FlowId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::message::Message;
use super::session::IdentityDocument;
use crate::domain::fault::{Fault, Field};
use crate::domain::flow::{Flow, FlowKind};
use crate::domain::identity::Identity;
use crate::domain::return_to::ReturnTo;
use crate::store::{API, BROWSER};

/// A registration, login or settings flow.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Flow)]
pub(in crate::http) struct FlowDocument<'a> {
    #[schema(schema_with = events::schema::id)]
    id: FlowId,
    #[schema(value_type = Option<String>)]
    organization_id: Option<()>,
    r#type: &'static str,
    #[schema(schema_with = events::schema::time)]
    expires_at: Timestamp,
    #[schema(schema_with = events::schema::time)]
    issued_at: Timestamp,
    request_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    return_to: Option<&'a str>,
    ui: Container<'a>,
    /// Of a login flow, as the next three.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = events::schema::time)]
    created_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = events::schema::time)]
    updated_at: Option<Timestamp>,
    /// Whether it is to show the password once more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    requested_aal: Option<&'static str>,
    /// Whose settings they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    identity: Option<IdentityDocument<'a>>,
    state: &'static str,
}

/// What a login flow has beside.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FlowUi)]
struct Container<'a> {
    action: String,
    method: &'static str,
    nodes: Vec<Node<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    messages: Vec<Message>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FlowNode)]
struct Node<'a> {
    r#type: &'static str,
    group: &'static str,
    attributes: Attributes<'a>,
    messages: Vec<Message>,
    meta: Meta,
}

#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = FlowNodeAttributes)]
struct Attributes<'a> {
    name: &'static str,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    autocomplete: Option<&'static str>,
    disabled: bool,
    node_type: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FlowNodeMeta)]
struct Meta {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    label: Option<Message>,
}

impl<'a> FlowDocument<'a> {
    /// The document of `flow`, with URLs that begin with `public_url`. The form of a browser
    /// carries `csrf_token`; settings show the `identity` they are of.
    pub(in crate::http) fn of(
        flow: &'a Flow,
        csrf_token: &'a str,
        identity: Option<&'a Identity>,
        public_url: &str,
    ) -> Self {
        let kind = flow.purpose.kind;
        let of_login = (kind == FlowKind::Login).then_some(flow.issued_at);
        Self {
            id: flow.id,
            organization_id: None,
            r#type: if flow.is_of_browser() { BROWSER } else { API },
            expires_at: flow.expires_at,
            issued_at: flow.issued_at,
            request_url: &flow.purpose.request_url,
            return_to: flow.return_to().map(ReturnTo::as_str),
            ui: Container::of(flow, csrf_token, public_url),
            created_at: of_login,
            updated_at: of_login,
            refresh: of_login.map(|_| flow.purpose.is_refresh),
            requested_aal: of_login.map(|_| "aal1"),
            identity: identity
                .filter(|_| kind == FlowKind::Settings)
                .map(|identity| IdentityDocument::of(identity, public_url)),
            state: match (kind, flow.is_done) {
                (FlowKind::Settings, true) => "success",
                (FlowKind::Settings, false) => "show_form",
                (FlowKind::Registration | FlowKind::Login, _) => "choose_method",
            },
        }
    }
}

impl<'a> Container<'a> {
    fn of(flow: &'a Flow, csrf_token: &'a str, public_url: &str) -> Self {
        let (kind, id) = (flow.purpose.kind.as_str(), flow.id);
        let mut container = Self {
            action: format!("{public_url}/self-service/{kind}?flow={id}"),
            method: "POST",
            nodes: nodes(flow, csrf_token),
            messages: Message::of_flow(flow).into_iter().collect(),
        };
        for fault in &flow.form.faults {
            container.tell(fault, flow);
        }
        container
    }

    /// Puts the message on the node of its field. A field without a node gets one, as in Kratos.
    fn tell(&mut self, Fault { field, rule }: &Fault, flow: &Flow) {
        let message = Message::of(rule, *field, flow);
        let Some(name) = field.map(node_of) else {
            self.messages.push(message);
            return;
        };
        match self.nodes.iter_mut().find(|node| node.attributes.name == name) {
            Some(node) => node.messages.push(message),
            None => {
                let attributes = Attributes { name, r#type: "text", ..Attributes::default() };
                let mut node = Node::new("default", attributes, None);
                node.messages.push(message);
                self.nodes.push(node);
            }
        }
    }
}

impl<'a> Node<'a> {
    fn new(group: &'static str, attributes: Attributes<'a>, label: Option<Message>) -> Self {
        let attributes = Attributes { node_type: "input", ..attributes };
        let (messages, meta) = (Vec::new(), Meta { label });
        Self { r#type: "input", group, attributes, messages, meta }
    }
}

/// The fields of the form, with what was typed.
fn nodes<'a>(flow: &'a Flow, csrf_token: &'a str) -> Vec<Node<'a>> {
    let (kind, typed) = (flow.purpose.kind, flow.form.email.as_deref());
    let email = match kind {
        FlowKind::Settings => None,
        FlowKind::Registration => Some(Attributes {
            r#type: "email",
            value: typed,
            autocomplete: Some("email"),
            ..required(node_of(Field::Email))
        }),
        FlowKind::Login => Some(Attributes {
            r#type: "text",
            value: Some(typed.unwrap_or_default()),
            ..required(node_of(Field::Identifier))
        }),
    };
    let csrf = Attributes { r#type: "hidden", value: Some(csrf_token), ..required("csrf_token") };
    let password = Attributes {
        r#type: "password",
        autocomplete: Some(match kind {
            FlowKind::Registration | FlowKind::Settings => "new-password",
            FlowKind::Login => "current-password",
        }),
        ..required(node_of(Field::Password))
    };
    let submit = Attributes {
        name: "method",
        r#type: "submit",
        value: Some("password"),
        ..Attributes::default()
    };
    let email = email.map(|email| Node::new("default", email, Some(Message::email_label())));
    let password = [
        Node::new("password", password, Some(Message::password_label())),
        Node::new("password", submit, Some(Message::submit_label(kind))),
    ];
    std::iter::once(Node::new("default", csrf, None)).chain(email).chain(password).collect()
}

fn required(name: &'static str) -> Attributes<'static> {
    Attributes { name, required: true, ..Attributes::default() }
}

/// The name of the field's node: its path in the submitted object.
const fn node_of(field: Field) -> &'static str {
    match field {
        Field::Traits => "traits",
        Field::Email => "traits.email",
        Field::Identifier => "identifier",
        Field::Password => "password",
    }
}
