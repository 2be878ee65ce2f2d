//! What a run of the benchmark found: figures, each with its value in every round.

use serde::{Deserialize, Serialize};

/// Everything one run measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// When it began, RFC 3339.
    pub started: String,
    /// Whether it was the short one, which proves less.
    pub is_quick: bool,
    /// How the exchange ran.
    #[serde(default)]
    pub profile: Profile,
    /// What it ran on.
    pub machine: Machine,
    /// One for each scenario, in the order they ran.
    pub outcomes: Vec<Outcome>,
}

/// How the exchange runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Profile {
    /// One process, which has everything inside.
    #[default]
    Embedded,
    /// Two processes of each service behind nginx.
    Distributed,
}

/// What a run ran on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// In MiB.
    pub memory_mib: u64,
    /// The operating system's name and release.
    pub system: String,
    /// The file system that holds the data.
    pub file_system: String,
}

/// What one scenario found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Its name on the command line, such as `get-ticket`.
    pub scenario: String,
    /// What it does, such as `GET one ticket`.
    pub title: String,
    /// One for each load it ran under.
    pub cases: Vec<Case>,
}

/// A scenario under one load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// Such as `256 clients`, or `1,000,000 tickets`.
    pub load: String,
    /// Where it stands on a curve, if the scenario draws one: the number of tickets.
    pub size: Option<u64>,
    /// What was measured.
    pub figures: Vec<Figure>,
}

/// One thing that was measured, round by round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figure {
    /// Such as `orders`, `p99`, `of H`.
    pub name: String,
    /// What it counts.
    pub unit: Unit,
    /// Its value in each round.
    pub rounds: Vec<f64>,
    /// What it has to reach.
    pub aim: Option<Aim>,
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Unit {
    /// Things in a second.
    PerSecond,
    /// Milliseconds.
    Milliseconds,
    /// 1,000,000 bytes.
    Megabytes,
    /// How many times the yardstick.
    Ratio,
    /// Things.
    Count,
}

/// What a figure's median has to reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Aim {
    /// It, or more.
    AtLeast(f64),
    /// It, or less.
    AtMost(f64),
}
