//! `ticketing demo`: fills a stopped exchange with believable people, tickets and orders.
//!
//! People and tickets are written in big batches, past the events: at a million tickets the relay
//! would take most of the time. The tickets' indexes are made in the end, of all of them at once.
//! Orders and payments go through the contexts' own commands, with relays, timers and the payments'
//! driver at work, so that all of what follows from them is as if buyers had done it.
//!
//! Reading order: this, `people`, `shows` (what is made up), `sales`, `room` (on the disk),
//! `progress`, `dice`.

mod dice;
mod people;
mod progress;
mod room;
mod sales;
mod shows;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use config::{Demo, Roles, Settings};
use futures_util::{StreamExt, TryStreamExt, stream};
use kernel::{TicketId, UserId};
use orders::Orders;
use outbox::Journal;
use tickets::Tickets;
use tickets::commands::seed_tickets::Draft;

use crate::compose::{Exchange, Whole};
use crate::data_folder::DataFolder;
use crate::profile::Profile;
use crate::say;
use crate::work::Work;
use dice::Dice;
use people::People;
use progress::Progress;
use sales::{Sale, Shop};
use shows::Shows;
use tokio_util::sync::CancellationToken;

/// Tickets in one write: so many that a commit, and the copying of its pages out of the write-ahead
/// log, cost little of the time for each.
const BATCH: usize = 10_000;

/// Batches on their way at once: while one waits for the disk, others are made and written, and
/// each of three databases has something to do. The memory grows with them.
const BATCHES_AT_ONCE: usize = 4;

/// How long the events of all orders may take to arrive.
const SETTLING_MAX: Duration = Duration::from_secs(300);

pub(crate) async fn demo(settings: &Settings, wanted: &Demo) -> anyhow::Result<()> {
    let began = Instant::now();
    let folder = DataFolder::take(&settings.data)?;
    room::must_fit(folder.path(), u64::from(wanted.tickets))?;
    let profile = Arc::new(Profile::embedded(folder));
    let place = profile.place();
    let exchange = Exchange::open(profile, &Roles::all(), "", settings, CancellationToken::new())
        .await
        .with_context(|| format!("can't open the data in {place}"))?;
    let whole = exchange.whole().context("all contexts are here")?;
    let (journals, filling) = (exchange.journals(), Filling::of(whole, wanted));
    let work = Work::default();
    let lasting = Work::default();
    exchange.start_work(&work, &lasting)?;
    let filled = filling.fill(&journals).await;
    work.finish().await;
    lasting.finish().await;
    for journal in &journals {
        journal.close().await;
    }
    let people = filled?;
    say(&format!(
        "Added {} people, {} tickets and {} orders in {:.1} s to {}\n\
         \n  Seller     {}\
         \n  Buyer      {}\
         \n  Password   {}\n\
         \nStart the exchange with `ticketing`, and sign in as one of them.\n",
        people.all.len(),
        wanted.tickets,
        wanted.orders(),
        began.elapsed().as_secs_f64(),
        place,
        people.seller().1,
        people.buyer().1,
        people.password,
    ));
    Ok(())
}

struct Filling {
    auth: auth::Auth,
    tickets: Tickets,
    orders: Orders,
    shop: Shop,
    wanted: Demo,
}

impl Filling {
    fn of(Whole { auth, tickets, orders, payments }: Whole, wanted: &Demo) -> Self {
        let shop = Shop { orders: orders.clone(), payments };
        Self { auth, tickets, orders, shop, wanted: wanted.clone() }
    }

    async fn fill(&self, journals: &[Journal]) -> anyhow::Result<People> {
        let mut dice = Dice::new(self.wanted.seed);
        let people = people::sign_up(&self.auth, self.wanted.users, &mut dice).await?;
        let sold = self.list_tickets(&people, &mut dice).await?;
        self.make_indexes().await?;
        let sales = sold.into_iter().map(|(ticket, seller)| Sale {
            ticket,
            buyer: people.buyer_from(seller, &mut dice),
            fate: sales::fate(&mut dice),
        });
        self.shop.sell(sales.collect()).await?;
        settle(journals).await?;
        Ok(people)
    }

    /// Lists all tickets; answers those that are to be ordered, and who sells them.
    async fn list_tickets(
        &self,
        people: &People,
        dice: &mut Dice,
    ) -> anyhow::Result<Vec<(TicketId, UserId)>> {
        let (tickets, orders) = (self.wanted.tickets as usize, self.wanted.orders() as usize);
        let progress = Progress::new("tickets", tickets as u64);
        let mut seeding = self.tickets.begin_seeding(tickets as u64).await?;
        let mut shows = Shows::new(dice, self.tickets.clock.now());
        let batches = (0..tickets).step_by(BATCH).map(|first| {
            let count = BATCH.min(tickets - first);
            let offer = |_| {
                let ticket = shows.next(dice)?;
                anyhow::Ok((shows.number, ticket))
            };
            let offers: anyhow::Result<Vec<_>> = (0..count).map(offer).collect();
            offers.map(|mut offers| {
                if first + count == tickets {
                    offers = shows::take_turns(offers);
                }
                let offers = offers.into_iter();
                let sold = offers.map(|(show, ticket)| (people.seller_of(show), ticket));
                (first, seeding.draft(sold.collect()))
            })
        });
        let listed = stream::iter(batches).map(|batch| self.list(batch));
        let all: Vec<_> = listed
            .buffered(BATCHES_AT_ONCE)
            .inspect_ok(|batch| progress.add(batch.len() as u64))
            .map_ok(|batch| {
                // the orders are spread evenly over the tickets
                let before = move |number: usize| number * orders / tickets;
                let is_ordered = move |number: usize| before(number) != before(number + 1);
                let chosen = batch.into_iter().filter(move |(number, ..)| is_ordered(*number));
                stream::iter(chosen.map(anyhow::Ok))
            })
            .try_flatten()
            .map_ok(|(_, ticket, seller)| (ticket, seller))
            .try_collect()
            .await?;
        progress.finish();
        Ok(all)
    }

    /// Lists a batch; answers each ticket's number, counted on from the batch's first, its id and
    /// its seller.
    async fn list(
        &self,
        batch: anyhow::Result<(usize, Vec<Draft>)>,
    ) -> anyhow::Result<Vec<(usize, TicketId, UserId)>> {
        let (first, drafts) = batch?;
        let told = drafts.iter().map(|draft| draft.ticket.public()).collect();
        self.orders.seed_listings(told).await?;
        self.tickets.seed_tickets(&drafts).await?;
        let numbered = drafts.iter().map(|draft| &draft.ticket).enumerate();
        Ok(numbered.map(|(index, ticket)| (first + index, ticket.id, ticket.seller)).collect())
    }

    /// Makes what was set aside while the tickets were listed.
    async fn make_indexes(&self) -> anyhow::Result<()> {
        if let Some(entries) = self.tickets.missing_entries().await? {
            let progress = Progress::new("index entries", entries);
            self.tickets.mend_indexes(&|written| progress.add(written)).await?;
            progress.finish();
        }
        Ok(())
    }
}

/// Waits until every event has arrived.
async fn settle(journals: &[Journal]) -> anyhow::Result<()> {
    let Some(any) = journals.first() else {
        return Ok(());
    };
    let all_sent = || async {
        // twice, because what arrives here may cause something there
        for journal in journals.iter().chain(journals) {
            if journal.backlog().await?.undelivered > 0 {
                return Ok(None);
            }
        }
        anyhow::Ok(Some(()))
    };
    let settled = any.wait_for(SETTLING_MAX, all_sent).await?;
    ensure!(settled.is_some(), "not every event has arrived yet; the next start goes on with it");
    Ok(())
}
