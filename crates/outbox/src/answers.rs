//! Remembered answers: a request that carries a key has one effect and one answer, however often
//! it comes.
//!
//! The answer is stored in the same commit as its effect, so a crash leaves both or neither, and
//! the unique index [`ONE_ANSWER_PER_KEY`] lets one of several repeats at once commit; the others
//! change nothing. A command is given a [`Remember`], makes a [`Receipt`] of it when it knows what
//! it made, and commits that with its [`crate::Changeset`]. What an answer's status and text mean
//! is the asker's business.

use std::time::Duration;

use kernel::{Timestamp, UserId};
use serde::Serialize;
use store::{Row, Statement, StoreError, params};
use uuid::Uuid;

use crate::journal::Journal;

/// The unique index that lets a key be answered once. A commit that it refuses changed nothing:
/// another request with the same key was first.
pub const ONE_ANSWER_PER_KEY: &str = "idempotency_keys_once";

/// How long an answer is remembered. A key that comes again after that is new.
pub const ANSWERS_KEPT_FOR: Duration = Duration::from_secs(24 * 3600);

const EARLIER: &str = "select fingerprint, status, body, subject from idempotency_keys
     where caller = ?1 and key = ?2 and created_at > ?3";

const FORGET: &str =
    "delete from idempotency_keys where caller = ?1 and key = ?2 and created_at <= ?3";

const REMEMBER: &str = "insert into idempotency_keys
     (caller, key, fingerprint, status, body, subject, created_at)
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

const COMPLETE: &str = "update idempotency_keys set status = ?3, body = ?4
     where caller = ?1 and key = ?2 and status is null";

/// A request that may come again: who asks, what they call the request, and what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Who asks. Keys of different callers have nothing to do with each other.
    pub caller: UserId,
    /// What the caller calls the request.
    pub key: String,
    /// A digest of everything the request says; the same key for another request is a mistake.
    pub fingerprint: [u8; 32],
}

impl Asked {
    fn digest(&self) -> String {
        self.fingerprint.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What a request was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The kind of answer, as a number of the asker's protocol.
    pub status: u16,
    /// The answer's text: JSON.
    pub body: String,
}

impl Answer {
    /// An answer whose text is `value` as JSON.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when `value` has no JSON form: a fault of ours.
    pub fn json(status: u16, value: &impl Serialize) -> Result<Self, StoreError> {
        let body = serde_json::to_string(value)
            .map_err(|error| StoreError::Failed { reason: error.to_string() })?;
        Ok(Self { status, body })
    }
}

/// How the answer follows from what a command made. A plain function of its argument, so that
/// what is stored and what is sent are the same.
pub type Render<T> = fn(&T) -> Result<Answer, StoreError>;

/// Whether, and how, a command that makes a `T` is to remember its answer.
#[derive(Debug)]
#[must_use = "a request with a key is remembered only if the command commits its receipt"]
pub struct Remember<T>(Option<(Asked, Option<Render<T>>)>);

impl<T> Remember<T> {
    /// Nobody asked with a key: nothing is remembered.
    pub const NOTHING: Self = Self(None);

    /// `asked` is answered as `render` says, as soon as the `T` is made.
    pub const fn answer(asked: Asked, render: Render<T>) -> Self {
        Self(Some((asked, Some(render))))
    }

    /// `asked` is answered later, once the outcome of what is made is known.
    pub const fn promise(asked: Asked) -> Self {
        Self(Some((asked, None)))
    }

    /// What to commit with `made`, whose id is `subject`; again, where a commit that changed
    /// nothing is tried again.
    ///
    /// # Errors
    /// When the answer can't be written: a fault of ours.
    pub fn receipt(
        &self,
        subject: impl Into<Uuid>,
        made: &T,
    ) -> Result<Option<Receipt>, StoreError> {
        let Some((asked, render)) = &self.0 else {
            return Ok(None);
        };
        let answer = render.map(|render| render(made)).transpose()?;
        Ok(Some(Receipt { asked: asked.clone(), subject: Some(subject.into()), answer }))
    }
}

/// A request, with what it made and how it was answered; [`crate::Changeset::answering`] commits
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    asked: Asked,
    subject: Option<Uuid>,
    answer: Option<Answer>,
}

impl Receipt {
    /// `asked` made nothing, and was answered that.
    #[must_use]
    pub const fn refusal(asked: Asked, answer: Answer) -> Self {
        Self { asked, subject: None, answer: Some(answer) }
    }

    /// Puts the key into the batch; with it the batch is refused if the key is in use.
    pub(crate) fn statements(self, at: Timestamp) -> [Statement; 2] {
        let Self { asked, subject, answer } = self;
        let digest = asked.digest();
        let (status, body) = answer.map(|it| (u32::from(it.status), it.body)).unzip();
        let expired = params![asked.caller, asked.key.as_str(), forgotten_at(at)];
        let row = params![asked.caller, asked.key, digest, status, body, subject, at];
        [Statement::new(FORGET, expired), Statement::one_row(REMEMBER, row)]
    }
}

/// What became of a request that was made before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// It got this answer.
    Answered(Answer),
    /// It made this, and is not answered yet.
    Unanswered(Uuid),
    /// It was another request; the caller used its key by mistake.
    Another,
}

impl Journal {
    /// What became of `asked` when it came before, if it did within the last day.
    ///
    /// # Errors
    /// As [`store::Store::query`].
    pub async fn earlier(
        &self,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Option<Earlier>, StoreError> {
        let key = params![asked.caller, asked.key.as_str(), forgotten_at(now)];
        let rows = self.query(EARLIER, key).await?;
        rows.first().map(|row| earlier_of(row, asked)).transpose()
    }

    /// Answers `asked`, which [`Remember::promise`] began. The first answer stands.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is an answer already, or nothing was begun; otherwise
    /// as [`store::Store::apply`].
    pub async fn complete(&self, asked: &Asked, answer: &Answer) -> Result<(), StoreError> {
        let status = u32::from(answer.status);
        let row = params![asked.caller, asked.key.as_str(), status, answer.body.as_str()];
        self.store.apply(vec![Statement::one_row(COMPLETE, row)]).await
    }
}

/// Keys from then, or from before, are forgotten at `now`.
pub(crate) fn forgotten_at(now: Timestamp) -> Timestamp {
    now.minus(ANSWERS_KEPT_FOR)
}

fn earlier_of(row: &Row, asked: &Asked) -> Result<Earlier, StoreError> {
    if row.get::<String>(0)? != asked.digest() {
        return Ok(Earlier::Another);
    }
    let Some(status) = row.get::<Option<i64>>(1)? else {
        return Ok(Earlier::Unanswered(row.get(3)?));
    };
    let status = u16::try_from(status)
        .map_err(|_| StoreError::Failed { reason: format!("an answer's status is {status}") })?;
    Ok(Earlier::Answered(Answer { status, body: row.get(2)? }))
}
