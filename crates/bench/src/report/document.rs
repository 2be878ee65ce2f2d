//! Puts a run into the documentation, between two comments, so that no number is typed by hand.

use std::path::Path;

use anyhow::{Context, ensure};

use crate::results::{Profile, Run};

use super::{chart, markdown, put, refuse_what_is_no_number, summary};

/// What stands before a section, and what behind it.
pub(super) type Markers = (&'static str, &'static str);

/// The place of a run of this profile.
pub(super) const fn markers(profile: Profile) -> Markers {
    match profile {
        Profile::Embedded => {
            ("<!-- benchmark: written by cargo xtask bench -->\n", "<!-- benchmark: end -->\n")
        }
        Profile::Distributed => (
            "<!-- distributed: written by cargo xtask bench --profile distributed -->\n",
            "<!-- distributed: end -->\n",
        ),
    }
}

/// Replaces the section between the two comments of a markdown document by what a run found, and
/// the picture beside the document, which has its name with the ending `svg`, and
/// `-distributed.svg` for that profile. Each profile has a section of its own.
///
/// # Errors
/// If a figure isn't a number, if the document doesn't have each comment once and in order (nothing
/// is written then), or if it can't be read or written.
pub fn update_document(path: &Path, run: &Run) -> anyhow::Result<()> {
    refuse_what_is_no_number(run)?;
    let document =
        std::fs::read_to_string(path).with_context(|| format!("could not read {path:?}"))?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match run.profile {
        Profile::Embedded => format!("{stem}.svg"),
        Profile::Distributed => format!("{stem}-distributed.svg"),
    };
    let picture = path.with_file_name(&name);
    let text = replaced(&document, markers(run.profile), &section(run, &name));
    let text = text.with_context(|| format!("in {path:?}"))?;
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
pub(super) fn replaced(
    document: &str,
    (begin, end): Markers,
    section: &str,
) -> anyhow::Result<String> {
    let once = |marker: &str| document.matches(marker).count() == 1;
    ensure!(once(begin) && once(end), "{begin:?} and {end:?} each have to stand there once");
    let parts = document.split_once(begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(end)?;
        Some((before, after))
    });
    let (before, after) = parts.with_context(|| format!("{end:?} stands before {begin:?}"))?;
    Ok(format!("{before}{begin}{section}{end}{after}"))
}
