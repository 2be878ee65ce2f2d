//! `ticketing dead-letters`: looks after events that could not be handled, while the exchange runs
//! or is stopped. What is to be replayed is marked in the context's database, and a process that
//! runs the context does it.

use std::fmt::Write;
use std::time::Duration;

use anyhow::{Context, bail};
use config::{DeadLettersCommand, Settings, Subscriber, Wanted};
use kernel::{Clock, EventId, SystemClock};
use outbox::{DeadLetter, Journal};
use serde_json::{Value, json};
use store::StoreError;

use crate::{compose, say};

/// How long a replay's outcome is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Letters looked at together when all are replayed.
const PAGE: u32 = 1000;

/// How much of a reason a line of the list shows, in characters.
const REASON_SHOWN: usize = 60;

/// Where dead letters are: one of the contexts.
type Place = (&'static str, Journal);

pub(crate) async fn dead_letters(
    settings: &Settings,
    command: DeadLettersCommand,
) -> anyhow::Result<()> {
    let (DeadLettersCommand::List { wanted, .. }
    | DeadLettersCommand::Show { wanted, .. }
    | DeadLettersCommand::Replay { wanted, .. }
    | DeadLettersCommand::Drop { wanted, .. }) = &command;
    let wanted = wanted.clone();
    let places = open(settings, &wanted).await?;
    let done = match command {
        DeadLettersCommand::List { limit, .. } => list(&places, limit, wanted.json).await,
        DeadLettersCommand::Show { id, .. } => show(&places, id, wanted.json).await,
        DeadLettersCommand::Replay { id, .. } => replay(&places, id, wanted.json).await,
        DeadLettersCommand::Drop { id, .. } => forget(&places, id, wanted.json).await,
    };
    for (_, journal) in &places {
        journal.close().await;
    }
    say(&done?);
    Ok(())
}

async fn open(settings: &Settings, wanted: &Wanted) -> anyhow::Result<Vec<Place>> {
    let is_wanted = |one: &Subscriber| wanted.service.is_none_or(|service| service == *one);
    let mut places = Vec::new();
    for one in Subscriber::ALL.into_iter().filter(is_wanted) {
        let name = one.name();
        let journal = compose::context_beside(settings, one).await.with_context(|| {
            format!("can't open the database of {name}; start this release of the exchange first")
        })?;
        places.push((name, journal));
    }
    Ok(places)
}

async fn list(places: &[Place], limit: u32, as_json: bool) -> anyhow::Result<String> {
    let (mut all, mut has_more) = (Vec::new(), false);
    for (service, journal) in places {
        let mut letters = journal.dead_letters(limit.saturating_add(1), None).await?;
        has_more |= letters.len() > limit as usize;
        letters.truncate(limit as usize);
        all.extend(letters.into_iter().map(|letter| (*service, letter)));
    }
    if as_json {
        return lines(all.iter().map(|(service, letter)| summary(service, letter)).collect());
    }
    if all.is_empty() {
        return Ok("There are no dead letters.\n".to_owned());
    }
    let mut table = format!(
        "{:<10}  {:<36}  {:<19}  {:<24}  reason\n",
        "service", "event", "type", "parked at"
    );
    for (service, letter) in &all {
        let mark = if letter.replay_at.is_some() { "to be replayed; " } else { "" };
        let reason: String = shown(&letter.reason).chars().take(REASON_SHOWN).collect();
        let (id, kind, at) = (letter.id, shown(&kind(letter)), letter.parked_at);
        writeln!(table, "{service:<10}  {id:<36}  {kind:<19}  {at:<24}  {mark}{reason}")?;
    }
    if has_more {
        table.push_str("There are more: --limit shows them.\n");
    }
    Ok(table)
}

async fn show(places: &[Place], id: EventId, as_json: bool) -> anyhow::Result<String> {
    let found = find(places, id).await?;
    if as_json {
        return lines(found.iter().map(|(place, letter)| whole(place.0, letter)).collect());
    }
    let mut text = String::new();
    for ((service, _), letter) in &found {
        let envelope = match serde_json::from_str::<Value>(&letter.envelope) {
            Ok(envelope) => serde_json::to_string_pretty(&envelope)?,
            Err(_no_json) => shown(&letter.envelope),
        };
        writeln!(
            text,
            "Service    {service}\nEvent      {}\nType       {}",
            id,
            shown(&kind(letter))
        )?;
        writeln!(text, "Parked at  {}\nReason     {}", letter.parked_at, shown(&letter.reason))?;
        if let Some(at) = letter.replay_at {
            writeln!(text, "Replay     asked for at {at}")?;
        }
        writeln!(text, "\n{envelope}")?;
    }
    Ok(text)
}

/// Marks what is to be replayed, and tells what came of it meanwhile.
async fn replay(places: &[Place], id: Option<EventId>, as_json: bool) -> anyhow::Result<String> {
    let now = SystemClock.now();
    let mut asked = Vec::new();
    match id {
        Some(id) => {
            for (place, letter) in find(places, id).await? {
                place.1.replay(id, now).await?;
                asked.push((place, letter));
            }
        }
        None => {
            for place in places {
                asked.extend(all_of(place).await?.into_iter().map(|letter| (place, letter)));
                place.1.replay_all(now).await?;
            }
        }
    }
    let mut outcomes = Vec::with_capacity(asked.len());
    let until = tokio::time::Instant::now() + PATIENCE;
    for (place, letter) in asked {
        let patience = until.saturating_duration_since(tokio::time::Instant::now());
        outcomes.push((place.0, letter.id, outcome(&place.1, letter.id, patience).await?));
    }
    if as_json {
        let all = outcomes.iter().map(|(service, id, (outcome, reason))| {
            json!({"service": service, "id": id, "outcome": outcome, "reason": reason})
        });
        return lines(all.collect());
    }
    if outcomes.is_empty() {
        return Ok("There are no dead letters.\n".to_owned());
    }
    let mut text = String::new();
    for (service, id, (outcome, reason)) in outcomes {
        let reason = reason.map(|reason| format!(": {}", shown(&reason))).unwrap_or_default();
        writeln!(text, "{service} {id} {outcome}{reason}")?;
    }
    Ok(text)
}

/// What came of a replay, and why.
type Outcome = (&'static str, Option<String>);

async fn outcome(journal: &Journal, id: EventId, patience: Duration) -> anyhow::Result<Outcome> {
    let look = || async move {
        Ok::<_, StoreError>(match journal.dead_letter(id).await? {
            None => Some(("handled", None)),
            Some(letter) if letter.replay_at.is_none() => Some(("failed", Some(letter.reason))),
            Some(_marked) => None,
        })
    };
    let found = journal.wait_for(patience, look).await?;
    Ok(found.unwrap_or(("waits until the exchange has time, or is started", None)))
}

async fn forget(places: &[Place], id: EventId, as_json: bool) -> anyhow::Result<String> {
    let found = find(places, id).await?;
    let mut dropped = Vec::with_capacity(found.len());
    for (place, letter) in &found {
        match place.1.drop_dead_letter(id).await {
            Ok(()) => dropped.push(whole(place.0, letter)),
            // somebody else was first
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
    }
    if as_json { lines(dropped) } else { Ok(format!("Dropped {}.\n", dropped.len())) }
}

/// Every letter with this id: one event may be too much for several.
async fn find(places: &[Place], id: EventId) -> anyhow::Result<Vec<(&Place, DeadLetter)>> {
    let mut found = Vec::new();
    for place in places {
        found.extend(place.1.dead_letter(id).await?.map(|letter| (place, letter)));
    }
    if found.is_empty() {
        bail!("there is no dead letter {id}");
    }
    Ok(found)
}

async fn all_of((_, journal): &Place) -> anyhow::Result<Vec<DeadLetter>> {
    let mut all: Vec<DeadLetter> = Vec::new();
    // bounded: by the letters there are
    loop {
        let page = journal.dead_letters(PAGE, all.last().map(|letter| letter.id)).await?;
        let is_last = page.len() < PAGE as usize;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

fn kind(letter: &DeadLetter) -> String {
    letter.open().map_or_else(|| "no event".to_owned(), |envelope| envelope.kind)
}

fn summary(service: &str, letter: &DeadLetter) -> Value {
    json!({
        "service": service,
        "id": letter.id,
        "type": letter.open().map(|envelope| envelope.kind),
        "parkedAt": letter.parked_at,
        "reason": letter.reason,
        "replayAt": letter.replay_at,
    })
}

fn whole(service: &str, letter: &DeadLetter) -> Value {
    let mut all = summary(service, letter);
    let envelope = serde_json::from_str(&letter.envelope);
    all["envelope"] = envelope.unwrap_or_else(|_| Value::String(letter.envelope.clone()));
    all
}

/// A line for each, so that programs can read them one by one.
fn lines(all: Vec<Value>) -> anyhow::Result<String> {
    Ok(all.iter().fold(String::new(), |text, one| text + &one.to_string() + "\n"))
}

/// What strangers have written does nothing to a terminal.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
