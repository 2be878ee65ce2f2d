//! The few shapes that the chart is made of, as SVG.

use crate::report::summary::clean;

/// In pixels, as all lengths here.
pub(super) const WIDTH: f64 = 960.0;
pub(super) const MARGIN: f64 = 24.0;

/// Which end of a text stands where it is put.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Start,
    Middle,
    End,
}

/// What was drawn so far.
#[derive(Default)]
pub(super) struct Canvas(String);

impl Canvas {
    pub(super) fn drawn(&self) -> &str {
        &self.0
    }

    pub(super) fn text(&mut self, x: f64, y: f64, class: &str, side: Side, text: &str) {
        let side = match side {
            Side::Start => "",
            Side::Middle => " text-anchor=\"middle\"",
            Side::End => " text-anchor=\"end\"",
        };
        let text = escaped(text);
        self.0 +=
            &format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\"{side}>{text}</text>\n");
    }

    /// From one point to another.
    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.path(class, &[from, to]);
    }

    pub(super) fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let points: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        self.0 += &format!("<path class=\"{class}\" d=\"M{}\"/>\n", points.join("L"));
    }

    /// From its left upper corner.
    pub(super) fn bar(&mut self, class: &str, corner: (f64, f64), width: f64, height: f64) {
        let (x, y) = corner;
        self.0 += &format!("<rect {} {}/>\n", class_of(class), area(x, y, width, height));
    }

    /// Over a bar that was drawn before.
    pub(super) fn stripes(&mut self, corner: (f64, f64), width: f64, height: f64) {
        let (x, y) = corner;
        self.0 += &format!("<rect fill=\"url(#stripes)\" {}/>\n", area(x, y, width, height));
    }

    /// Round, or on its corner, so that the two differ by more than colour.
    pub(super) fn point(&mut self, class: &str, (x, y): (f64, f64), is_round: bool) {
        let class = class_of(class);
        self.0 += &if is_round {
            format!("<circle {class} cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>\n")
        } else {
            format!("<path {class} d=\"M{x:.1} {:.1}l7 7l-7 7l-7 -7z\"/>\n", y - 7.0)
        };
    }

    /// From the lowest to the highest round, with an end on either side.
    pub(super) fn whisker(&mut self, from: (f64, f64), to: (f64, f64)) {
        let (across, along) = if from.1 == to.1 { (0.0, 4.0) } else { (4.0, 0.0) };
        self.line("range", from, to);
        for (x, y) in [from, to] {
            self.line("range", (x - across, y - along), (x + across, y + along));
        }
    }
}

fn class_of(class: &str) -> String {
    format!("class=\"{class}\"")
}

fn area(x: f64, y: f64, width: f64, height: f64) -> String {
    format!("x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"")
}

/// As XML has it: no text can begin a tag or end an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for it in text.split('\n').map(clean).collect::<Vec<_>>().join("\n").chars() {
        match it {
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '&' => safe += "&amp;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            // not in XML 1.0, section 2.2, even as a reference
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            _ => safe.push(it),
        }
    }
    safe
}

/// At most so many characters, and no half word, if there is a whole one; where some are lost, it
/// says so.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    let whole = kept.rsplit_once(' ').map_or(&*kept, |(words, _)| words);
    format!("{}…", whole.trim_end_matches([' ', ',']))
}
