//! Starts a new attempt in the place of one that came too late.

use kernel::{FlowId, Timestamp};
use store::StoreError;

use crate::context::Auth;
use crate::domain::flow::Flow;
use crate::store::insert_flow;

pub(crate) async fn replace_flow(
    auth: &Auth,
    expired: &Flow,
    now: Timestamp,
) -> Result<Flow, StoreError> {
    let flow = expired.replace(FlowId::generate(), now, auth.options().flow_lifetime);
    auth.commit(now, vec![insert_flow(&flow)?]).await?;
    Ok(flow)
}
