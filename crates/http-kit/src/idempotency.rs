//! `Idempotency-Key`: a POST that may be repeated has one effect, and one answer.
//!
//! The header is the IETF draft's (draft-ietf-httpapi-idempotency-key-header), a quoted string; as
//! most clients send it bare, that is taken, too. A handler takes a [`Post`], parses its fields,
//! and leaves the rest to [`Once`]:
//!
//! ```text
//! let command = parse(post.fields)?;
//! let once = Once::new(&tickets.journal, &*tickets.clock, seller, post.key);
//! once.make(created, |remember| tickets.create_ticket(seller, command, remember)).await
//! ```
//!
//! What was carried out is remembered, a refusal by a rule of the domain included. What was not is
//! not: a malformed request, no session, a part that is away, a race worth another try.

mod key;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use kernel::{Clock, Kind, Refusal, UserId};
use outbox::answers::Render;
use outbox::{Answer, Asked, Changeset, Earlier, Journal, ONE_ANSWER_PER_KEY, Receipt, Remember};
use serde::Serialize;
use store::StoreError;
use telemetry::metrics::catalog::IDEMPOTENCY;
use uuid::Uuid;

pub use self::key::{HEADER, Key, Post};
use crate::problem::{self, Error, PROBLEM};

/// Says `true` on an answer that was given before. Named as Stripe names it.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// 201 with what was made.
///
/// # Errors
/// When `entity` has no JSON form: a fault of ours.
pub fn created(entity: &impl Serialize) -> Result<Answer, StoreError> {
    Answer::json(StatusCode::CREATED.as_u16(), entity)
}

/// Carries out a request once, however often it comes.
pub struct Once<'a> {
    journal: &'a Journal,
    clock: &'a dyn Clock,
    /// The request and its path, if it has a key.
    asked: Option<(Asked, String)>,
}

/// How a request with a key goes on.
enum Course {
    /// It is answered.
    Answered(Response),
    /// It has made this, whose outcome is its answer.
    Begun(Uuid),
}

impl<'a> Once<'a> {
    /// The request of `caller`, who names it by `key`, to the context that owns `journal`.
    #[must_use]
    pub fn new(
        journal: &'a Journal,
        clock: &'a dyn Clock,
        caller: UserId,
        key: Option<Key>,
    ) -> Self {
        Self { journal, clock, asked: key.map(|key| key.asked_by(caller)) }
    }

    /// Carries out `run`, which makes a `T` and commits what it is told to remember with it. The
    /// answer is what `render` makes of the `T`.
    ///
    /// # Errors
    /// What `run` refuses; 409 when the key was used for another request.
    pub async fn make<T, E: Into<Error>, F: Future<Output = Result<T, E>>>(
        self,
        render: Render<T>,
        run: impl FnOnce(Remember<T>) -> F,
    ) -> Result<Response, Error> {
        let Some((asked, _)) = &self.asked else {
            let made = run(Remember::NOTHING).await.map_err(Into::into)?;
            return Ok(respond(render(&made)?));
        };
        let course = match self.look(asked).await? {
            Some(course) => course,
            None => match run(Remember::answer(asked.clone(), render)).await {
                Ok(made) => {
                    IDEMPOTENCY.count(&["first"]);
                    Course::Answered(respond(render(&made)?))
                }
                Err(error) => self.after(asked, error.into()).await?,
            },
        };
        match course {
            Course::Answered(response) => Ok(response),
            // nothing here is begun without being answered
            Course::Begun(_) => Err(Refusal::internal().into()),
        }
    }

    /// Carries out `begin`, which makes a `T` and commits what it is told to remember with it; it
    /// answers the `T`'s id. What `outcome` then waits for is the answer. A repeat meanwhile, or
    /// after a crash, waits for the outcome of what the first has begun.
    ///
    /// # Errors
    /// What `begin` or `outcome` refuses; 409 when the key was used for another request.
    pub async fn begin<T, I, E, F, G>(
        self,
        begin: impl FnOnce(Remember<T>) -> F,
        outcome: impl FnOnce(I) -> G,
    ) -> Result<Response, Error>
    where
        I: From<Uuid> + Into<Uuid>,
        E: Into<Error>,
        F: Future<Output = Result<I, E>>,
        G: Future<Output = Result<Answer, Error>>,
    {
        let Some((asked, _)) = &self.asked else {
            let begun = begin(Remember::NOTHING).await.map_err(Into::into)?;
            return outcome(begun).await.map(respond);
        };
        let course = match self.look(asked).await? {
            Some(course) => course,
            None => match begin(Remember::promise(asked.clone())).await {
                Ok(begun) => {
                    IDEMPOTENCY.count(&["first"]);
                    Course::Begun(begun.into())
                }
                Err(error) => self.after(asked, error.into()).await?,
            },
        };
        match course {
            Course::Answered(response) => Ok(response),
            Course::Begun(begun) => self.complete(asked, outcome(begun.into()).await).await,
        }
    }

    /// What became of the request when it came before.
    async fn look(&self, asked: &Asked) -> Result<Option<Course>, Error> {
        match self.journal.earlier(asked, self.clock.now()).await? {
            None => Ok(None),
            Some(Earlier::Answered(answer)) => {
                IDEMPOTENCY.count(&["replayed"]);
                Ok(Some(Course::Answered(replay(answer))))
            }
            Some(Earlier::Unanswered(begun)) => {
                IDEMPOTENCY.count(&["replayed"]);
                Ok(Some(Course::Begun(begun)))
            }
            Some(Earlier::Another) => {
                IDEMPOTENCY.count(&["conflict"]);
                let detail = "This Idempotency-Key was used for another request. Take a new one.";
                Err(Refusal::new(Kind::Conflict, "idempotency-key-reused", detail).into())
            }
        }
    }

    /// The request was refused: because a repeat of it was quicker, or by itself. A refusal that
    /// stands is remembered, unless a repeat had an effect in the meantime.
    async fn after(&self, asked: &Asked, error: Error) -> Result<Course, Error> {
        if let Some(course) = self.look(asked).await? {
            return Ok(course);
        }
        if !stands(error.refusal()) {
            IDEMPOTENCY.count(&["first"]);
            return Err(error);
        }
        let (error, answer) = self.written(error);
        let refusal = Receipt::refusal(asked.clone(), answer);
        let changeset = Changeset::new(self.clock.now(), Vec::new(), Vec::new());
        match self.journal.commit(changeset.answering(Some(refusal))).await {
            Ok(_now) => {
                IDEMPOTENCY.count(&["first"]);
                Ok(Course::Answered(error.into_response()))
            }
            Err(lost) if lost.is_constraint(ONE_ANSWER_PER_KEY) => {
                self.look(asked).await?.ok_or_else(|| lost.into())
            }
            Err(failed) => Err(failed.into()),
        }
    }

    /// Remembers the outcome; when another request has done so, answers what that one did.
    async fn complete(
        &self,
        asked: &Asked,
        outcome: Result<Answer, Error>,
    ) -> Result<Response, Error> {
        let (answer, response) = match outcome {
            Ok(answer) => (answer.clone(), respond(answer)),
            Err(error) if stands(error.refusal()) => {
                let (error, answer) = self.written(error);
                (answer, error.into_response())
            }
            Err(error) => return Err(error),
        };
        match self.journal.complete(asked, &answer).await {
            Ok(()) => Ok(response),
            Err(lost) if lost.is_conflict() => match self.look(asked).await? {
                Some(Course::Answered(first)) => Ok(first),
                _ => Err(lost.into()),
            },
            Err(failed) => Err(failed.into()),
        }
    }

    /// The refusal with its document, as it is sent and remembered.
    fn written(&self, error: Error) -> (Error, Answer) {
        let path = self.asked.as_ref().map_or("/", |(_, path)| path.as_str());
        let error = error.written(path, self.clock.now());
        let status = problem::status_of(error.refusal().kind).as_u16();
        let body = error.document().unwrap_or_default().to_owned();
        (error, Answer { status, body })
    }
}

/// Whether a refusal is the outcome of carrying the request out. Others say that it wasn't.
const fn stands(refusal: &Refusal) -> bool {
    matches!(refusal.kind, Kind::Invalid | Kind::PaymentDeclined | Kind::Forbidden | Kind::NotFound)
}

fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let is_refusal = status.is_client_error() || status.is_server_error();
    let kind = if is_refusal { PROBLEM } else { "application/json" };
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn replay(answer: Answer) -> Response {
    let mut response = respond(answer);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
