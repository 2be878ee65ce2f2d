//! Writes: a batch is one transaction, and one round trip. Its beginning, its statements and its
//! commit are sent at once; a statement that is refused makes the server turn the commit into a
//! rollback.

use std::pin::Pin;
use std::task::Poll;

use futures_util::future::{MaybeDone, maybe_done, poll_fn};
use tokio_postgres::{Client, Error};

use super::error::{Failure, failure_of, from_postgres, is_of_shutdown};
use super::pool::Connection;
use crate::{Guard, Statement, StoreError, Value};

const BEGIN: &str = "begin";
const COMMIT: &str = "commit";
const ROLLBACK: &str = "rollback";

/// Applies `batch`. When the connection ends before the commit is answered, nobody knows whether
/// it stood: that is an error.
pub(super) async fn apply(connection: &mut Connection, batch: &[Statement]) -> Result<(), Failure> {
    let alone = batch.len() == 1;
    let mut requests = Vec::with_capacity(batch.len() + 2);
    if !alone {
        requests.push(Request::new(connection, BEGIN, Guard::None, &[]).await?);
    }
    for Statement { sql, params, guard } in batch {
        requests.push(Request::new(connection, sql, *guard, params).await?);
    }
    if alone {
        let [request] = &requests[..] else { return Ok(()) };
        let sent = connection.client.execute_raw(&request.statement, request.params).await;
        return sent.map(drop).map_err(|error| unsent(&error, request.sql));
    }
    requests.push(Request::new(connection, COMMIT, Guard::None, &[]).await?);
    let rollback = Request::new(connection, ROLLBACK, Guard::None, &[]).await?;
    transact(&connection.client, &requests, &rollback).await
}

/// One statement about to be sent.
struct Request<'a> {
    sql: &'static str,
    statement: tokio_postgres::Statement,
    params: &'a [Value],
}

impl<'a> Request<'a> {
    async fn new(
        connection: &mut Connection,
        sql: &'static str,
        guard: Guard,
        params: &'a [Value],
    ) -> Result<Self, Failure> {
        match connection.guarded(sql, guard).await {
            Ok(statement) => Ok(Self { sql, statement, params }),
            // nothing of the batch was sent yet
            Err(error) if error.is_closed() => Err(Failure::Again(from_postgres(&error))),
            Err(error) => Err(failure_of(&error, sql)),
        }
    }
}

/// Sends all of `requests` at once, the last of which commits, and waits for the answers.
async fn transact(
    client: &Client,
    requests: &[Request<'_>],
    rollback: &Request<'_>,
) -> Result<(), Failure> {
    let mut answers: Vec<_> = requests
        .iter()
        .map(|it| Box::pin(maybe_done(client.execute_raw(&it.statement, it.params))))
        .collect();
    if let Some(refused) = send_all(&mut answers).await {
        // the commit was not sent: what came before it, if anything did, is undone
        let _undone = client.execute_raw(&rollback.statement, rollback.params).await;
        let error = answers[refused].as_mut().take_output().and_then(Result::err);
        let sql = requests[refused].sql;
        let closed = || Failure::Final(StoreError::closed());
        return Err(error.map_or_else(closed, |error| unsent(&error, sql)));
    }
    for (answer, request) in answers.iter_mut().zip(requests) {
        answer.as_mut().await;
        match answer.as_mut().take_output() {
            Some(Ok(_rows)) => {}
            // answers come in turn: the server ended before it came to the commit
            Some(Err(error)) if is_of_shutdown(&error) && request.sql != COMMIT => {
                return Err(Failure::Again(from_postgres(&error)));
            }
            Some(Err(error)) => return Err(failure_of(&error, request.sql)),
            None => return Err(Failure::Final(StoreError::closed())),
        }
    }
    Ok(())
}

/// Sends one after the other, without waiting: a request is sent when it is first polled. Ends at
/// the first that can't be sent, and tells which.
async fn send_all<F>(answers: &mut [Pin<Box<MaybeDone<F>>>]) -> Option<usize>
where
    F: Future<Output = Result<u64, Error>>,
{
    poll_fn(|context| {
        let refused = answers.iter_mut().position(|answer| {
            // one that is answered already, by another thread, is as good as sent
            let _answered = answer.as_mut().poll(context);
            matches!(answer.as_mut().output_mut(), Some(Err(_)))
        });
        Poll::Ready(refused)
    })
    .await
}

/// The error of a batch whose commit was not sent, so that it didn't stand for certain.
fn unsent(error: &Error, sql: &'static str) -> Failure {
    if error.is_closed() && error.as_db_error().is_none() {
        return Failure::Again(from_postgres(error));
    }
    failure_of(error, sql)
}
