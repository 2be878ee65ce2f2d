//! `POST /sign-out`

use axum::extract::State;
use axum::response::Response;

use super::{failure, see_other};
use crate::Web;
use crate::api::flows::Kratos;
use crate::api::{Api, Failed};
use crate::forms::Post;
use crate::parts::note;

pub(crate) async fn sign_out(State(web): State<Web>, Post { visitor, .. }: Post) -> Response {
    let mut kratos = Kratos::new(Api::new(&web, &visitor));
    match kratos.sign_out().await {
        // a session that has ended is as good as one that ends now
        Ok(()) | Err(Failed::SignedOut) => {
            let forget = visitor.forget_session();
            let cookies = std::mem::take(&mut kratos.set).into_iter().chain(forget);
            see_other(&note::with("/", "signed-out"), cookies)
        }
        Err(failed) => failure::page(&visitor, &failed),
    }
}
