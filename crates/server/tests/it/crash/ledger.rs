//! What people were told: every change that was answered with 2xx.

use std::collections::HashMap;
use std::sync::Mutex;

/// What was answered, so far.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Told>);

#[derive(Default, Clone)]
struct Told {
    /// Id to title.
    tickets: HashMap<String, String>,
    /// Id to status.
    orders: HashMap<String, String>,
    /// Id to status.
    payments: HashMap<String, String>,
}

impl Ledger {
    pub(crate) fn ticket(&self, id: &str, title: &str) {
        self.0.lock().unwrap().tickets.insert(id.to_owned(), title.to_owned());
    }

    pub(crate) fn order(&self, id: &str, status: &str) {
        let mut told = self.0.lock().unwrap();
        let known = told.orders.entry(id.to_owned()).or_default();
        if rank(status) >= rank(known) {
            status.clone_into(known);
        }
    }

    pub(crate) fn payment(&self, id: &str, status: &str) {
        self.0.lock().unwrap().payments.insert(id.to_owned(), status.to_owned());
    }

    /// What was answered up to now.
    pub(crate) fn so_far(&self) -> Self {
        Self(Mutex::new(self.0.lock().unwrap().clone()))
    }

    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let told = self.0.lock().unwrap();
        (told.tickets.len(), told.orders.len(), told.payments.len())
    }

    /// Whatever was answered and is not in these rows (id and title or status), or is in a state
    /// that can't follow what was answered.
    pub(crate) fn missing_in(
        &self,
        tickets: &[Vec<String>],
        orders: &[Vec<String>],
        payments: &[Vec<String>],
    ) -> Vec<String> {
        let told = self.0.lock().unwrap();
        let mut missing = Vec::new();
        let mut look = |what: &str, told: &HashMap<String, String>, rows: &[Vec<String>]| {
            let found: HashMap<_, _> = rows.iter().map(|row| (&row[0], &row[1])).collect();
            for (id, said) in told {
                match found.get(id) {
                    None => missing.push(format!("{what} {id} is gone")),
                    Some(now) if !may_follow(said, now) => {
                        missing.push(format!("{what} {id} was {said}, and is {now}"));
                    }
                    Some(_) => {}
                }
            }
        };
        look("ticket", &told.tickets, tickets);
        look("order", &told.orders, orders);
        look("payment", &told.payments, payments);
        missing
    }
}

/// Whether an entity that was said to be `said` may be `now` later.
fn may_follow(said: &str, now: &str) -> bool {
    match said {
        "created" => true,
        "awaiting:payment" => now != "created",
        "pending" => true,
        "authorized" => matches!(now, "authorized" | "captured" | "voided"),
        // titles, and states that are final
        said => said == now,
    }
}

fn rank(status: &str) -> u8 {
    match status {
        "" => 0,
        "created" => 1,
        "awaiting:payment" => 2,
        _ => 3,
    }
}
