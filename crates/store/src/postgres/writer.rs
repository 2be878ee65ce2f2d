//! Writes: a batch, or a group of them, is one transaction, and one round trip. Its beginning, its
//! statements and its commit are sent at once; a statement that is refused makes the server turn
//! the commit into a rollback.

use std::pin::Pin;
use std::task::Poll;

use futures_util::future::{MaybeDone, maybe_done, poll_fn};
use tokio_postgres::{Client, Error};

use super::error::{Failure, failure_of, from_postgres, is_of_shutdown};
use super::fold;
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
        requests.push(Request::word(connection, BEGIN).await?);
    }
    for statement in batch {
        requests.push(Request::new(connection, statement).await?);
    }
    if alone {
        let [request] = &requests[..] else { return Ok(()) };
        if connection.client.is_closed() {
            return Err(Failure::Again(StoreError::closed()));
        }
        // it commits by itself: once it is on its way, nobody knows whether it stood
        let sent = request.send(&connection.client).await;
        return sent.map_err(|error| failure_of(&error, request.sql));
    }
    requests.push(Request::word(connection, COMMIT).await?);
    let rollback = Request::word(connection, ROLLBACK).await?;
    transact(&connection.client, &requests, &rollback).await
}

/// Applies `batches`, all or none: when one is refused, each is to be tried alone.
///
/// Batches with the same statements are carried out side by side, all of their first ones, then
/// all of their second ones, so that rows can be inserted together ([`fold`]); see [`planned`].
/// Callers who wait at the same time are promised no order.
pub(super) async fn apply_together(
    connection: &mut Connection,
    batches: &[&[Statement]],
) -> Result<(), Failure> {
    let mut requests = vec![Request::word(connection, BEGIN).await?];
    for statements in planned(batches) {
        add(&mut requests, connection, &statements).await?;
    }
    requests.push(Request::word(connection, COMMIT).await?);
    let rollback = Request::word(connection, ROLLBACK).await?;
    transact(&connection.client, &requests, &rollback).await
}

/// What `batches` do, in the order in which it is done: statements that differ in nothing but their
/// parameters, group by group.
///
/// Groups that lock the same rows are to do it in the same order, or they wait for each other until
/// the server ends one of them, a second later: so what is alike goes by its parameters, the first
/// of which names the row. And batches that may be refused come last, since they look at rows that
/// others change: a change then waits for no row that its own group has looked at.
fn planned<'a>(batches: &[&'a [Statement]]) -> Vec<Vec<&'a Statement>> {
    let mut kinds = alike(batches);
    let may_be_refused = |batch: &&[Statement]| batch.iter().any(fold::may_be_refused);
    kinds.sort_by_key(|kind| kind.first().is_some_and(may_be_refused));
    let mut plan = Vec::new();
    for kind in kinds {
        let length = kind.first().map_or(0, |batch| batch.len());
        for place in 0..length {
            let mut row: Vec<_> = kind.iter().filter_map(|batch| batch.get(place)).collect();
            row.sort_by(|one, other| one.params.cmp(&other.params));
            plan.push(row);
        }
    }
    plan
}

/// Adds what carries out `statements`, which differ in nothing but their parameters.
async fn add<'a>(
    requests: &mut Vec<Request<'a>>,
    connection: &mut Connection,
    mut statements: &[&'a Statement],
) -> Result<(), Failure> {
    let can_fold = statements.first().is_some_and(|first| fold::is_foldable(first));
    while !statements.is_empty() {
        let size = if can_fold { fold::portion(statements.len()) } else { 1 };
        let (these, others) = statements.split_at(size);
        requests.push(match these {
            [one] => Request::new(connection, one).await?,
            several => Request::folded(connection, several).await?,
        });
        statements = others;
    }
    Ok(())
}

/// Batches by their statements, those with the same ones together.
fn alike<'a>(batches: &[&'a [Statement]]) -> Vec<Vec<&'a [Statement]>> {
    let is_like = |one: &Statement, other: &Statement| {
        let has_as_many = one.params.len() == other.params.len();
        one.sql == other.sql && one.guard == other.guard && has_as_many
    };
    let mut kinds: Vec<Vec<&[Statement]>> = Vec::new();
    for batch in batches {
        let same = kinds.iter_mut().find(|kind| {
            let its = kind.first().copied().unwrap_or_default();
            its.len() == batch.len()
                && its.iter().zip(*batch).all(|(one, other)| is_like(one, other))
        });
        match same {
            Some(kind) => kind.push(batch),
            None => kinds.push(vec![batch]),
        }
    }
    kinds
}

/// One statement about to be sent.
struct Request<'a> {
    sql: &'static str,
    statement: tokio_postgres::Statement,
    params: Vec<&'a Value>,
}

impl<'a> Request<'a> {
    /// `begin`, `commit` or `rollback`.
    async fn word(connection: &mut Connection, sql: &'static str) -> Result<Self, Failure> {
        let statement = connection.guarded(sql, Guard::None).await;
        Self::of(sql, statement, Vec::new())
    }

    async fn new(connection: &mut Connection, statement: &'a Statement) -> Result<Self, Failure> {
        let Statement { sql, params, guard } = statement;
        Self::of(sql, connection.guarded(sql, *guard).await, params.iter().collect())
    }

    /// What inserts the rows of several.
    async fn folded(
        connection: &mut Connection,
        statements: &[&'a Statement],
    ) -> Result<Self, Failure> {
        let params: Vec<_> = statements.iter().flat_map(|it| &it.params).collect();
        let sql = statements.first().map_or("", |first| first.sql);
        let rows = statements.len();
        Self::of(sql, connection.folded(sql, params.len() / rows.max(1), rows).await, params)
    }

    fn of(
        sql: &'static str,
        prepared: Result<tokio_postgres::Statement, Error>,
        params: Vec<&'a Value>,
    ) -> Result<Self, Failure> {
        match prepared {
            Ok(statement) => Ok(Self { sql, statement, params }),
            // nothing of the batch was sent yet
            Err(error) if error.is_closed() => Err(Failure::Again(from_postgres(&error))),
            Err(error) => Err(failure_of(&error, sql)),
        }
    }

    async fn send(&self, client: &Client) -> Result<(), Error> {
        client.execute_raw(&self.statement, self.params.iter().copied()).await.map(drop)
    }
}

/// Sends all of `requests` at once, the last of which commits, and waits for the answers.
async fn transact(
    client: &Client,
    requests: &[Request<'_>],
    rollback: &Request<'_>,
) -> Result<(), Failure> {
    let mut answers: Vec<_> =
        requests.iter().map(|it| Box::pin(maybe_done(it.send(client)))).collect();
    if let Some(refused) = send_all(&mut answers).await {
        // the commit was not sent: what came before it, if anything did, is undone
        let _undone = rollback.send(client).await;
        let error = answers[refused].as_mut().take_output().and_then(Result::err);
        let sql = requests[refused].sql;
        let closed = || Failure::Final(StoreError::closed());
        return Err(error.map_or_else(closed, |error| unsent(&error, sql)));
    }
    for (answer, request) in answers.iter_mut().zip(requests) {
        answer.as_mut().await;
        match answer.as_mut().take_output() {
            Some(Ok(())) => {}
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
    F: Future<Output = Result<(), Error>>,
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

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "insert into listings (id, price) values (?1, ?2) on conflict do nothing";
    const TELL: &str = "insert into outbox (id) values (?1)";
    const ORDER: &str =
        "insert into orders (ticket) select ?1 where exists (select 1 from listings)";

    fn order(ticket: i64, event: i64) -> [Statement; 2] {
        [
            Statement::one_row(ORDER, [Value::from(ticket)]),
            Statement::one_row(TELL, [Value::from(event)]),
        ]
    }

    fn listing(ticket: i64) -> [Statement; 1] {
        [Statement::new(LIST, [Value::from(ticket), Value::from(5_i64)])]
    }

    #[test]
    fn everybody_locks_in_the_same_order() {
        let orders = [order(3, 1), order(1, 2)];
        let listings = [listing(2), listing(1)];
        let batches: [&[Statement]; 4] = [&orders[0], &listings[0], &orders[1], &listings[1]];
        let plan: Vec<_> = planned(&batches)
            .into_iter()
            .map(|row| (row[0].sql, row.iter().map(|it| it.params[0].clone()).collect::<Vec<_>>()))
            .collect();
        let numbers = |numbers: [i64; 2]| numbers.map(Value::from).to_vec();
        assert_eq!(
            plan,
            [(LIST, numbers([1, 2])), (ORDER, numbers([1, 3])), (TELL, numbers([1, 2]))]
        );
    }
}
