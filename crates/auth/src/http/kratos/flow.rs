//! Kratos' flow document: the form of an attempt, field by field ("nodes").

use kernel::{FlowId, Timestamp};
use serde::Serialize;

use super::message::Message;
use crate::domain::fault::{Fault, Field};
use crate::domain::flow::{Flow, FlowKind};

/// A registration or login flow of a native client.
#[derive(Debug, Serialize)]
pub(in crate::http) struct FlowDocument<'a> {
    id: FlowId,
    organization_id: Option<()>,
    r#type: &'static str,
    expires_at: Timestamp,
    issued_at: Timestamp,
    request_url: &'a str,
    ui: Container<'a>,
    #[serde(flatten)]
    login: Option<LoginPart>,
    state: &'static str,
}

/// What a login flow has beside.
#[derive(Debug, Serialize)]
struct LoginPart {
    created_at: Timestamp,
    updated_at: Timestamp,
    refresh: bool,
    requested_aal: &'static str,
}

#[derive(Debug, Serialize)]
struct Container<'a> {
    action: String,
    method: &'static str,
    nodes: Vec<Node<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Message>,
}

#[derive(Debug, Serialize)]
struct Node<'a> {
    r#type: &'static str,
    group: &'static str,
    attributes: Attributes<'a>,
    messages: Vec<Message>,
    meta: Meta,
}

#[derive(Debug, Default, Serialize)]
struct Attributes<'a> {
    name: &'static str,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    autocomplete: Option<&'static str>,
    disabled: bool,
    node_type: &'static str,
}

#[derive(Debug, Serialize)]
struct Meta {
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<Message>,
}

impl<'a> FlowDocument<'a> {
    /// The document of `flow`, with URLs that begin with `public_url`.
    pub(in crate::http) fn of(flow: &'a Flow, public_url: &str) -> Self {
        let login = (flow.kind == FlowKind::Login).then_some(LoginPart {
            created_at: flow.issued_at,
            updated_at: flow.issued_at,
            refresh: false,
            requested_aal: "aal1",
        });
        Self {
            id: flow.id,
            organization_id: None,
            r#type: "api",
            expires_at: flow.expires_at,
            issued_at: flow.issued_at,
            request_url: &flow.request_url,
            ui: Container::of(flow, public_url),
            login,
            state: "choose_method",
        }
    }
}

impl<'a> Container<'a> {
    fn of(flow: &'a Flow, public_url: &str) -> Self {
        let (kind, id) = (flow.kind.as_str(), flow.id);
        let mut container = Self {
            action: format!("{public_url}/self-service/{kind}?flow={id}"),
            method: "POST",
            nodes: nodes(flow),
            messages: Vec::new(),
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
fn nodes(flow: &Flow) -> Vec<Node<'_>> {
    let typed = flow.form.email.as_deref();
    let email = match flow.kind {
        FlowKind::Registration => Attributes {
            r#type: "email",
            value: typed,
            autocomplete: Some("email"),
            ..required(node_of(Field::Email))
        },
        FlowKind::Login => Attributes {
            r#type: "text",
            value: Some(typed.unwrap_or_default()),
            ..required(node_of(Field::Identifier))
        },
    };
    let csrf = Attributes { r#type: "hidden", value: Some(""), ..required("csrf_token") };
    let password = Attributes {
        r#type: "password",
        autocomplete: Some(match flow.kind {
            FlowKind::Registration => "new-password",
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
    vec![
        Node::new("default", csrf, None),
        Node::new("default", email, Some(Message::email_label())),
        Node::new("password", password, Some(Message::password_label())),
        Node::new("password", submit, Some(Message::submit_label(flow.kind))),
    ]
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
