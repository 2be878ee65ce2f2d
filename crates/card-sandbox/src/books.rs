//! The books: what became of each key, and every movement of money, once each.

use kernel::{Money, PaymentId, Timestamp};
use outbox::{Changeset, Journal};
use payments::domain::{ChargeId, DeclineCode};
use store::{Migration, Row, Statement, StoreError, params};

/// The tables of the sandbox.
pub const MIGRATIONS: &[Migration] = &[Migration::new(
    "card-sandbox/0001_card_sandbox",
    include_str!("../migrations/0001_card_sandbox.sql"),
)];

const COLUMNS: &str = "key, charge_id, amount, currency, card, status, decline_code";

const OPEN: &str = "insert into charges (key, charge_id, amount, currency, card, status,
     decline_code) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

const MOVE: &str = "update charges set status = ?3 where charge_id = ?1 and status = ?2";

const BOOK: &str = "insert into movements (charge_id, kind, amount, currency, at)
     values (?1, ?2, ?3, ?4, ?5)";

/// What became of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The idempotency key it was asked for with.
    pub key: PaymentId,
    /// Its id.
    pub id: ChargeId,
    /// How much.
    pub amount: Money,
    /// The token that was shown.
    pub card: String,
    /// Where it stands.
    pub status: ChargeStatus,
}

/// Where a charge stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeStatus {
    /// Held.
    Authorized,
    /// Taken.
    Captured,
    /// Let go.
    Voided,
    /// Given back.
    Refunded,
    /// Refused.
    Declined(DeclineCode),
    /// The key was given up before it was used.
    Abandoned,
}

impl ChargeStatus {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Voided => "voided",
            Self::Refunded => "refunded",
            Self::Declined(_) => "declined",
            Self::Abandoned => "abandoned",
        }
    }
}

/// The sandbox's database.
#[derive(Clone)]
pub struct Books(Journal);

impl Books {
    /// Over `journal`, whose migrations include [`MIGRATIONS`].
    #[must_use]
    pub const fn new(journal: Journal) -> Self {
        Self(journal)
    }

    /// What became of `key`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn by_key(&self, key: PaymentId) -> Result<Option<Charge>, StoreError> {
        let sql = format!("select {COLUMNS} from charges where key = ?1");
        let rows = self.0.query(sql, params![key]).await?;
        rows.first().map(charge_of).transpose()
    }

    /// The charge with `id`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn by_id(&self, id: &ChargeId) -> Result<Option<Charge>, StoreError> {
        let sql = format!("select {COLUMNS} from charges where charge_id = ?1");
        let rows = self.0.query(sql, params![id.as_str()]).await?;
        rows.first().map(charge_of).transpose()
    }

    /// Uses a key, once.
    pub(crate) async fn open(&self, charge: &Charge, at: Timestamp) -> Result<(), StoreError> {
        let code = match &charge.status {
            ChargeStatus::Declined(code) => Some(code.as_str()),
            _ => None,
        };
        let row = params![
            charge.key,
            charge.id.as_str(),
            charge.amount.minor(),
            charge.amount.currency().code(),
            charge.card.as_str(),
            charge.status.as_str(),
            code,
        ];
        let mut writes = vec![Statement::one_row(OPEN, row)];
        if charge.status == ChargeStatus::Authorized {
            writes.push(book(charge, &charge.status, at));
        }
        self.commit(writes, at).await
    }

    /// Moves a charge, and books it; a conflict when it isn't where it was thought to be.
    pub(crate) async fn advance(
        &self,
        charge: &Charge,
        to: ChargeStatus,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let row = params![charge.id.as_str(), charge.status.as_str(), to.as_str()];
        let writes = vec![Statement::one_row(MOVE, row), book(charge, &to, at)];
        self.commit(writes, at).await
    }

    /// Notes that `operation` has failed once for `key`; whether that was news.
    pub(crate) async fn note_fault(
        &self,
        key: PaymentId,
        operation: &'static str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "insert into faults_had (key, operation) values (?1, ?2)";
        let noted = Statement::one_row(sql, params![key, operation]);
        match self.commit(vec![noted], at).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_constraint("faults_had_once") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The books tell nobody: they have no events.
    async fn commit(&self, writes: Vec<Statement>, at: Timestamp) -> Result<(), StoreError> {
        self.0.commit(Changeset::new(at, writes, Vec::new())).await.map(drop)
    }
}

fn book(charge: &Charge, kind: &ChargeStatus, at: Timestamp) -> Statement {
    let (amount, currency) = (charge.amount.minor(), charge.amount.currency().code());
    Statement::one_row(BOOK, params![charge.id.as_str(), kind.as_str(), amount, currency, at])
}

fn charge_of(row: &Row) -> Result<Charge, StoreError> {
    let currency = row.parse(3, |text| text.parse().ok())?;
    let decline_code: Option<String> = row.get(6)?;
    let status = row.parse(5, |text| {
        Some(match text {
            "authorized" => ChargeStatus::Authorized,
            "captured" => ChargeStatus::Captured,
            "voided" => ChargeStatus::Voided,
            "refunded" => ChargeStatus::Refunded,
            "declined" => ChargeStatus::Declined(DeclineCode::new(decline_code?)),
            "abandoned" => ChargeStatus::Abandoned,
            _ => return None,
        })
    })?;
    Ok(Charge {
        key: row.get(0)?,
        id: ChargeId::new(row.get::<String>(1)?),
        amount: Money::new(row.get(2)?, currency),
        card: row.get(4)?,
        status,
    })
}
