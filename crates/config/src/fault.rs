//! What is wrong with a configuration, told so that it can be put right.

use std::fmt;

use crate::Origin;

/// A value that has a part in a fault, as anybody may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    /// Such as `CURRENCY (--currency)`, or `.env line 2`.
    pub(crate) name: String,
    /// Masked and cut, with where it comes from; none for a line that has none.
    pub(crate) value: Option<(String, Origin)>,
}

/// One thing that is wrong, or looks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) rule: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Subject { name, value }) in self.subjects.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            match value {
                Some((value, origin)) => write!(f, "{name} is '{value}' ({origin})")?,
                None => f.write_str(name)?,
            }
        }
        write!(f, ": {}", self.rule)
    }
}

/// All that was found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What keeps the exchange from starting.
    pub faults: Vec<Fault>,
    /// What doesn't, but is hardly meant so.
    pub warnings: Vec<Fault>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        for fault in &self.faults {
            writeln!(f, "fault: {fault}")?;
        }
        match self.faults.len() {
            0 => writeln!(f, "The configuration is good."),
            1 => writeln!(f, "The configuration has a fault."),
            count => writeln!(f, "The configuration has {count} faults."),
        }
    }
}
