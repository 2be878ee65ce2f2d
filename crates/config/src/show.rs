//! The effective values, and where each comes from.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::configuration::{Configuration, Effective};
use crate::{Origin, mask};

/// What stands for a value that there is none of.
const UNSET: &str = "-";

impl Configuration {
    /// Every setting in a line: its name, its value, where it comes from. Secrets are masked.
    #[must_use]
    pub fn to_text(&self) -> String {
        let rows: Vec<_> = self.effective.iter().map(Effective::row).collect();
        let width = |column: fn(&(String, String)) -> &str| {
            rows.iter().map(|row| column(row).chars().count()).max().unwrap_or(0)
        };
        let (names, values) = (width(|row| &row.0), width(|row| &row.1));
        let (mut text, mut heading) = (String::new(), "");
        for (one, (name, value)) in self.effective.iter().zip(&rows) {
            if one.key.heading() != heading {
                let gap = if heading.is_empty() { "" } else { "\n" };
                heading = one.key.heading();
                // writing to a string can't fail
                let _written = writeln!(text, "{gap}{heading}");
            }
            let origin = &one.origin;
            let _written = writeln!(text, "  {name:names$}  {value:values$}  {origin}");
        }
        text
    }

    /// As [`Self::to_text`], for programs: a list of objects with `key`, `flag`, `value` (a text
    /// or null), `secret`, and `origin`: an object with `from` and, in a file, `line` or
    /// `environment`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let list: Value = self.effective.iter().map(Effective::json).collect();
        format!("{list:#}\n")
    }
}

impl Effective {
    fn shown(&self) -> Option<String> {
        self.text().map(|text| mask::whole(&self.key.name(), &text))
    }

    fn row(&self) -> (String, String) {
        (self.key.name(), self.shown().unwrap_or_else(|| UNSET.to_owned()))
    }

    fn json(&self) -> Value {
        let origin = match &self.origin {
            Origin::Flag => json!({"from": "flag"}),
            Origin::Environment => json!({"from": "environment"}),
            Origin::EnvFile(line) => json!({"from": ".env", "line": line}),
            Origin::Vault(name) => json!({"from": ".env.vault", "environment": name}),
            Origin::Default => json!({"from": "default"}),
        };
        let name = self.key.name();
        json!({
            "key": name,
            "flag": self.key.flag(),
            "value": self.shown(),
            "secret": mask::is_secret(&name),
            "origin": origin,
        })
    }
}
