//! Prometheus' text format, read strictly
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::collections::BTreeMap;

use telemetry::metrics::Kind;
use telemetry::metrics::catalog::ALL;

/// The labels of a sample.
pub(super) type Labels = BTreeMap<String, String>;

/// What a scrape said: the samples of each family, by the name in the text.
pub(super) struct Exposition(BTreeMap<String, Vec<(Labels, f64)>>);

impl Exposition {
    /// Reads a whole answer; panics at the first line that isn't right.
    pub(super) fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line ends, too");
        let mut read = Self(BTreeMap::new());
        let mut family = None;
        let mut seen = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').unwrap();
                let known = ALL.iter().find(|metric| metric.name == name);
                assert_eq!(known.unwrap_or_else(|| panic!("unknown: {name}")).help, help);
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                let metric = ALL.iter().find(|metric| metric.name == name).unwrap();
                assert_eq!(metric.kind.as_str(), kind, "{name}");
                assert!(!seen.contains(&name), "{name} twice");
                seen.push(name);
                family = Some(metric);
            } else {
                let (name, labels, value) = sample(line);
                let metric = family.unwrap_or_else(|| panic!("no TYPE before {line}"));
                let suffix = name.strip_prefix(metric.name).unwrap_or_else(|| panic!("{line}"));
                let is_histogram = matches!(metric.kind, Kind::Histogram(_));
                let suffixes: &[&str] =
                    if is_histogram { &["_bucket", "_sum", "_count"] } else { &[""] };
                assert!(suffixes.contains(&suffix), "{line}");
                let mut names: Vec<_> = labels.keys().map(String::as_str).collect();
                if suffix == "_bucket" {
                    names.retain(|name| *name != "le");
                    assert!(labels.contains_key("le"), "{line}");
                }
                let mut declared = metric.labels.to_vec();
                declared.sort_unstable();
                assert_eq!(names, declared, "{line}");
                read.0.entry(name).or_default().push((labels, value));
            }
        }
        read.check_histograms();
        read
    }

    /// The sum of the samples of `name` that have all of these labels; none if there are none.
    pub(super) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has = |seen: &Labels, (key, value): &(&str, &str)| {
            seen.get(*key).is_some_and(|seen| seen == value)
        };
        let samples = self.0.get(name)?.iter();
        let wanted = samples.filter(|(seen, _)| labels.iter().all(|label| has(seen, label)));
        let values: Vec<f64> = wanted.map(|(_, value)| *value).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }

    /// All samples of `name`.
    pub(super) fn samples(&self, name: &str) -> &[(Labels, f64)] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Buckets never shrink, the last one holds everything, and no series comes twice.
    fn check_histograms(&self) {
        for (name, samples) in &self.0 {
            let mut labels: Vec<_> = samples.iter().map(|(labels, _)| labels).collect();
            labels.sort();
            labels.dedup();
            assert_eq!(labels.len(), samples.len(), "{name} has a series twice");
            let Some(base) = name.strip_suffix("_bucket") else {
                continue;
            };
            for (labels, all) in &self.0[&format!("{base}_count")] {
                let is_ours = |bucket: &&(Labels, f64)| {
                    labels.iter().all(|(key, value)| bucket.0.get(key) == Some(value))
                };
                let mut buckets: Vec<(f64, f64)> = samples
                    .iter()
                    .filter(is_ours)
                    .map(|(labels, count)| (labels["le"].parse().unwrap(), *count))
                    .collect();
                buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
                assert!(buckets.is_sorted_by(|a, b| a.1 <= b.1), "{name} {labels:?}");
                assert_eq!(buckets.last().unwrap(), &(f64::INFINITY, *all), "{name} {labels:?}");
            }
        }
    }
}

/// `name{key="value",…} number`
fn sample(line: &str) -> (String, Labels, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
    let Some((name, rest)) = series.split_once('{') else {
        return (series.to_owned(), Labels::new(), value);
    };
    let mut rest = rest.strip_suffix('}').unwrap_or_else(|| panic!("{line}"));
    let mut labels = Labels::new();
    while !rest.is_empty() {
        let (key, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
        let end = closing_quote(after).unwrap_or_else(|| panic!("{line}"));
        assert!(labels.insert(key.to_owned(), after[..end].to_owned()).is_none(), "{line}");
        rest = &after[end + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    (name.to_owned(), labels, value)
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends.then_some(at)
    })
}
