//! Finds an attempt, expired or not.

use kernel::FlowId;
use store::{StoreError, params};

use crate::context::Auth;
use crate::domain::flow::{Flow, FlowKind};
use crate::store::{FLOW_BY_ID, read_flow};

pub(crate) async fn find_flow(
    auth: &Auth,
    kind: FlowKind,
    id: FlowId,
) -> Result<Option<Flow>, StoreError> {
    let rows = auth.journal().query(FLOW_BY_ID, params![id, kind.as_str()]).await?;
    rows.first().map(|row| read_flow(row, kind)).transpose()
}
