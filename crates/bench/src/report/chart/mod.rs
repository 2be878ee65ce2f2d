//! The chart: each figure beside its aim, and how the exchange does as it grows. Plain SVG, which
//! GitHub shows as a picture: no script, no font of its own, its own ground, as the page's may be
//! light or dark.

mod bars;
mod canvas;
mod curves;

use crate::results::Run;

use super::summary;
use canvas::{Canvas, MARGIN, Side, WIDTH, escaped, shortened};

/// Colours that are told apart by those who see less of them, for a light page and a dark one.
const STYLE: &str = "\
    text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif}
    text{fill:#1f2937}
    .ground{fill:#fff;stroke:#d8dee4}.head{font-size:18px;font-weight:600}
    .name{font-size:13px;font-weight:600}.small,.axis{fill:#57606a}.axis{font-size:11px}
    .grid{stroke:#d8dee4}.aim{stroke:#1f2937;stroke-width:2}.range{stroke:#1f2937;stroke-width:1.5}
    .met{fill:#0072b2}.missed{fill:#b84a00}.stripe{stroke:#fff;stroke-width:3}
    .curve{stroke:#0072b2;stroke-width:2;fill:none}.band{fill:#0072b2;fill-opacity:.12}
    text.met,text.missed{font-weight:600}
    @media(prefers-color-scheme:dark){
    text{fill:#e6edf3}.ground{fill:#0d1117;stroke:#30363d}.small,.axis{fill:#9aa4af}
    .grid{stroke:#30363d}.aim,.range{stroke:#e6edf3}.met{fill:#56b4e9}.missed{fill:#ff9a4d}
    .stripe{stroke:#0d1117}.curve{stroke:#56b4e9}.band{fill:#56b4e9;fill-opacity:.18}}
";

/// What is missed isn't told by its colour alone.
const STRIPES: &str = "<defs><pattern id=\"stripes\" width=\"8\" height=\"8\" \
    patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
    <path class=\"stripe\" d=\"M0 0V8\"/></pattern></defs>\n";

/// The whole picture.
pub(super) fn svg(run: &Run) -> String {
    let mut canvas = Canvas::default();
    let top = heading(&mut canvas, run);
    let top = bars::draw(&mut canvas, run, top);
    let height = curves::draw(&mut canvas, run, top) + MARGIN;
    let (sentence, missed) = summary::verdict(run);
    let description = [vec![sentence], missed].concat().join("\n");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" \
         role=\"img\" aria-labelledby=\"title description\">\n\
         <title id=\"title\">What the benchmark found</title>\n\
         <desc id=\"description\">{}</desc>\n<style>\n{STYLE}</style>\n{STRIPES}\
         <rect class=\"ground\" x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"12\"/>\n\
         {}</svg>\n",
        escaped(&description),
        WIDTH - 1.0,
        height - 1.0,
        canvas.drawn()
    )
}

/// Where and when; answers with where the next thing begins.
fn heading(canvas: &mut Canvas, run: &Run) -> f64 {
    let quick = if run.is_quick { "A quick run, which proves less · " } else { "" };
    let when = format!("{quick}{} · {}", run.started, summary::machine(run));
    canvas.text(MARGIN, 38.0, "head", Side::Start, "What the benchmark found");
    canvas.text(MARGIN, 58.0, "small", Side::Start, &shortened(&when, 140));
    let legend = "bar, point: median of the rounds; |–|: lowest to highest; stripes, ◆: missed";
    canvas.text(MARGIN, 76.0, "axis", Side::Start, legend);
    76.0
}
