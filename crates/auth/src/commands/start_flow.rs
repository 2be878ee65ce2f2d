//! Starts an attempt to sign up, to sign in or to change settings.

use kernel::{FlowId, Timestamp};
use store::StoreError;

use crate::context::Auth;
use crate::domain::flow::{Flow, Form, Purpose};
use crate::store::insert_flow;

/// `email` stands in the form already: of somebody who is signed in.
pub(crate) async fn start_flow(
    auth: &Auth,
    purpose: Purpose,
    email: Option<String>,
    now: Timestamp,
) -> Result<Flow, StoreError> {
    let flow = Flow::start(FlowId::generate(), purpose, now, auth.options().flow_lifetime);
    let flow = flow.refuse(Form::refused(email, Vec::new()));
    auth.commit(now, vec![insert_flow(&flow)?]).await?;
    Ok(flow)
}
