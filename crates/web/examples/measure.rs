//! Not committed: how long a list takes to render.
use std::sync::Arc; use std::time::Instant;
use async_trait::async_trait; use bytes::Bytes; use http::{Request,Response,Extensions}; use tower::ServiceExt; use http_body_util::BodyExt;
struct E(Bytes);
#[async_trait] impl web::Exchange for E { async fn send(&self,_r:Request<Bytes>,_f:&Extensions)->Result<Response<Bytes>,web::Unanswered>{Ok(Response::new(self.0.clone()))} }
#[tokio::main] async fn main(){
 let one=r#"{"id":"0190163d-8694-739b-aea5-966c26f8ad91","title":"The Glass Anchors, Hamburg, 2027-03-12","description":"Salle des Canuts, Lyon. Balcony, row 4, seat 5.","price":31.90,"currency":"EUR","version":0,"userId":"0190163d-8694-739b-aea5-966c26f8ad01","status":"approved","createdAt":"2026-05-01T20:00:00.000Z","updatedAt":"2026-05-01T20:00:00.000Z"}"#;
 let body=format!("{{\"results\":[{}],\"next\":[{{\"key\":\"id\",\"value\":\"x\"}}]}}",vec![one;20].join(","));
 let w=web::Web{exchange:Arc::new(E(Bytes::from(body))),live:web::Live::default(),clock:kernel::SystemClock::shared(),currency:kernel::Currency::Eur,is_https:false};
 let r=web::router(w); let mut t=vec![];
 for _ in 0..5000 { let s=Instant::now(); let a=r.clone().oneshot(Request::get("/?q=a").header("accept-language","de").header("cookie","ory_kratos_session=abc").body(axum::body::Body::empty()).unwrap()).await.unwrap(); let _=a.into_body().collect().await.unwrap(); t.push(s.elapsed()); }
 t.sort(); println!("p50 {:?} p99 {:?} max {:?}",t[2500],t[4950],t[4999]); }
