//! Hands a form back, and keeps it as it is handed back.

use kernel::Timestamp;
use store::StoreError;

use crate::context::Auth;
use crate::domain::flow::{Flow, Form};
use crate::store::update_form;

pub(crate) async fn refuse_flow(
    auth: &Auth,
    flow: Flow,
    form: Form,
    now: Timestamp,
) -> Result<Flow, StoreError> {
    let flow = flow.refuse(form);
    auth.commit(now, vec![update_form(&flow)?]).await?;
    Ok(flow)
}
