//! Starts an attempt to sign up or to sign in.

use kernel::{FlowId, Timestamp};
use store::StoreError;

use crate::context::Auth;
use crate::domain::flow::{Flow, FlowKind};
use crate::store::insert_flow;

pub(crate) async fn start_flow(
    auth: &Auth,
    kind: FlowKind,
    request_url: String,
    now: Timestamp,
) -> Result<Flow, StoreError> {
    let lifetime = auth.options().flow_lifetime;
    let flow = Flow::start(FlowId::generate(), kind, request_url, now, lifetime);
    auth.commit(now, vec![insert_flow(&flow)?]).await?;
    Ok(flow)
}
