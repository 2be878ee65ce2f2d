//! What is measured: a file for each scenario, of the same name. A scenario says which data sets
//! it needs and how many steps it takes, and makes its cases.

mod get_page;
mod get_ticket;
mod growth;
mod list_page;
mod losers;
mod memory;
mod orders;
pub(crate) mod reserved;
mod search;
mod start;
mod story;

use bench::results::Case;
use futures_util::future::LocalBoxFuture;

use crate::stage::{Scale, Stage};

/// All of them, in the order in which they run. Those that change what is there work on copies;
/// only the last one may use up a set.
pub(crate) const SCENARIOS: &[Scenario] = &[
    get_ticket::SCENARIO,
    get_page::SCENARIO,
    search::SCENARIO,
    list_page::SCENARIO,
    orders::SCENARIO,
    losers::SCENARIO,
    story::SCENARIO,
    reserved::SCENARIO,
    start::SCENARIO,
    memory::SCENARIO,
    growth::SCENARIO,
];

/// Clients at once, where a scenario compares loads.
pub(crate) const CLIENTS: [usize; 4] = [1, 16, 64, 256];

/// Something to measure.
pub(crate) struct Scenario {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) title: &'static str,
    /// How many tickets the exchanges have that it runs on.
    pub(crate) sets: fn(&Scale) -> Vec<u64>,
    /// How many steps of the run it takes.
    pub(crate) steps: fn(&Scale) -> usize,
    /// Measures.
    pub(crate) run: for<'a> fn(&'a Stage) -> LocalBoxFuture<'a, anyhow::Result<Vec<Case>>>,
}

/// What can be named on the command line.
pub(crate) fn names() -> Vec<&'static str> {
    SCENARIOS.iter().map(|scenario| scenario.name).collect()
}

/// `1 client`, `256 clients`.
fn clients_text(clients: usize) -> String {
    if clients == 1 { "1 client".to_owned() } else { format!("{clients} clients") }
}

/// `1,000,000 tickets`.
fn tickets_text(tickets: u64) -> String {
    format!("{} tickets", crate::sheet::grouped(tickets))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `cargo xtask bench` finds the names by the files.
    #[test]
    fn every_scenario_is_the_file_of_its_name() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/scenario");
        let file = |entry: std::io::Result<std::fs::DirEntry>| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.trim_end_matches(".rs").replace('_', "-")
        };
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(file).collect();
        files.retain(|name| name != "mod");
        let mut names = names();
        files.sort();
        names.sort_unstable();
        assert_eq!(names, files);
    }
}
