//! The SQLite engine: WAL, `synchronous=FULL`, one writer thread that commits waiting batches as
//! a group with one fsync (`writer`), and read-only connections beside it (`readers`).

pub(crate) mod backup;
mod connect;
mod readers;
mod writer;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use crate::{Location, Migration, Row, Statement, StoreError, Value};
use readers::Readers;
use writer::Writer;

#[derive(Clone)]
pub(crate) struct Sqlite {
    writer: Arc<Writer>,
    readers: Arc<Readers>,
}

impl Sqlite {
    pub(crate) fn open(
        location: Location<'_>,
        migrations: &[Migration],
    ) -> Result<Self, StoreError> {
        let address = connect::Address::of(location);
        let mut connection = connect::writable(&address)?;
        connect::migrate(&mut connection, migrations)?;
        Self::start(address, connection)
    }

    pub(crate) fn open_beside(file: &Path, migrations: &[Migration]) -> Result<Self, StoreError> {
        let address = connect::Address::of(Location::File(file));
        let connection = connect::writable(&address)?;
        connect::must_be_migrated(&connection, migrations)?;
        Self::start(address, connection)
    }

    fn start(
        address: connect::Address,
        connection: rusqlite::Connection,
    ) -> Result<Self, StoreError> {
        let names = connect::constraint_names(&connection)?;
        let writer = Writer::start(connection, names)?;
        Ok(Self { writer: Arc::new(writer), readers: Arc::new(Readers::new(address)) })
    }

    pub(crate) async fn apply(&self, batch: Vec<Statement>) -> Result<(), StoreError> {
        self.writer.apply(batch).await
    }

    pub(crate) fn is_open(&self) -> bool {
        self.writer.is_open()
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
