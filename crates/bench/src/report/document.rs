//! Puts a run into the documentation, between two comments, so that no number is typed by hand.

use std::path::Path;

use anyhow::{Context, ensure};

use crate::results::Run;

use super::{chart, markdown, put, refuse_what_is_no_number, summary};

/// What stands before the section.
pub(super) const BEGIN: &str = "<!-- benchmark: written by cargo xtask bench -->\n";
/// What stands behind it.
pub(super) const END: &str = "<!-- benchmark: end -->\n";

/// Replaces the section between the two comments of a markdown document by what a run found, and
/// the picture beside the document, which has its name with the ending `svg`.
///
/// # Errors
/// If a figure isn't a number, if the document doesn't have each comment once and in order (nothing
/// is written then), or if it can't be read or written.
pub fn update_document(path: &Path, run: &Run) -> anyhow::Result<()> {
    refuse_what_is_no_number(run)?;
    let document =
        std::fs::read_to_string(path).with_context(|| format!("could not read {path:?}"))?;
    let picture = path.with_extension("svg");
    let name = picture.file_name().unwrap_or_default().to_string_lossy();
    let text = replaced(&document, &section(run, &name)).with_context(|| format!("in {path:?}"))?;
    put(picture, &chart::svg(run))?;
    put(path.to_owned(), &text)?;
    Ok(())
}

/// What stands between the comments.
fn section(run: &Run, picture: &str) -> String {
    let (sentence, _) = summary::verdict(run);
    let sentence = sentence.trim_end_matches(':');
    format!(
        "\n![What each figure is beside its aim. {sentence}]({picture})\n\n{}\n",
        markdown::text(run)
    )
}

/// The document with another section.
pub(super) fn replaced(document: &str, section: &str) -> anyhow::Result<String> {
    let once = |marker: &str| document.matches(marker).count() == 1;
    ensure!(once(BEGIN) && once(END), "{BEGIN:?} and {END:?} each have to stand there once");
    let parts = document.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts.with_context(|| format!("{END:?} stands before {BEGIN:?}"))?;
    Ok(format!("{before}{BEGIN}{section}{END}{after}"))
}
