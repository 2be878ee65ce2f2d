//! The SQLite engine: WAL, `synchronous=FULL`, one writer thread that commits waiting batches as
//! a group with one fsync (`writer`), and read-only connections beside it (`readers`).

pub(crate) mod backup;
mod connect;
mod readers;
mod writer;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use crate::meter::Meter;
use crate::{Condition, Location, Migration, Row, Statement, StoreError, Value};
use readers::Readers;
use writer::{Users, Writer};

/// Writes the first page as it is: changes nothing, and needs everything a write needs.
const PROBE: &str = "pragma user_version = 0";

#[derive(Clone)]
pub(crate) struct Sqlite {
    name: Arc<str>,
    writer: Arc<Writer>,
    readers: Arc<Readers>,
}

impl Sqlite {
    pub(crate) fn open(
        location: Location<'_>,
        migrations: &[Migration],
    ) -> Result<Self, StoreError> {
        let (name, address) = (location.name(), connect::Address::of(location));
        let mut connection = connect::writable(&address)?;
        connect::migrate(&mut connection, migrations)?;
        Self::start(name, address, connection, Users::Us)
    }

    pub(crate) fn open_beside(file: &Path, migrations: &[Migration]) -> Result<Self, StoreError> {
        let location = Location::File(file);
        let (name, address) = (location.name(), connect::Address::of(location));
        let connection = connect::writable(&address)?;
        connect::must_be_migrated(&connection, migrations)?;
        Self::start(name, address, connection, Users::Others)
    }

    fn start(
        name: Arc<str>,
        address: connect::Address,
        connection: rusqlite::Connection,
        users: Users,
    ) -> Result<Self, StoreError> {
        let names = connect::constraint_names(&connection)?;
        let writer = Writer::start(connection, users, names, Meter::of(&name))?;
        let readers = Arc::new(Readers::new(address));
        Ok(Self { name, writer: Arc::new(writer), readers })
    }

    pub(crate) async fn apply(&self, batch: Vec<Statement>) -> Result<(), StoreError> {
        self.writer.apply(batch).await
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn condition(&self) -> Condition {
        let (is_open, can_write) = (self.writer.is_open(), self.writer.can_write());
        Condition { is_open, can_write, readers_busy: self.readers.busy() }
    }

    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        self.writer.apply(vec![Statement::new(PROBE, [])]).await
    }

    pub(crate) async fn close(&self) {
        self.writer.close().await;
    }

    pub(crate) async fn query(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        self.readers.query(sql, params).await
    }

    pub(crate) async fn scan(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        Arc::clone(&self.readers).scan(sql, params).await
    }
}
