//! One run: the data, the scenarios one after the other, and the results.

use anyhow::{Context, bail};
use bench::report;
use bench::results::{Outcome, Profile, Run};
use kernel::{Clock, SystemClock};
use tokio::signal::unix::{SignalKind, signal};

use crate::scenario::{SCENARIOS, Scenario};
use crate::stage::{Scale, Stage};
use crate::{distributed, machine};

/// Runs what is wanted; what it leaves behind are the results, also when it is interrupted.
pub(crate) async fn run(wanted: &crate::Run) -> anyhow::Result<()> {
    wanted.must_be_known()?;
    let folder = &wanted.output;
    std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    // it may be the file that is about to be replaced
    let earlier = wanted.against.as_deref().map(report::read).transpose()?;
    let started = SystemClock.now().to_string();
    let mut terminate = signal(SignalKind::terminate())?;
    let outcomes = tokio::select! {
        // heard from the start, so that the data is deleted whenever they come
        biased;
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        _ = terminate.recv() => bail!("told to end"),
        outcomes = measure(wanted) => outcomes?,
    };
    let machine = machine::machine(folder);
    let (is_quick, profile) = (wanted.quick, wanted.profile());
    let run = Run { started, is_quick, profile, machine, outcomes };
    report::print(&run);
    if let Some(earlier) = &earlier {
        report::compare(earlier, &run);
    }
    for file in report::write(&run, folder)? {
        println!("Wrote {}", file.display());
    }
    if let Some(document) = &wanted.document {
        report::update_document(document, &run)?;
    }
    Ok(())
}

async fn measure(wanted: &crate::Run) -> anyhow::Result<Vec<Outcome>> {
    if wanted.profile() == Profile::Distributed {
        return distributed::measure(wanted).await;
    }
    let chosen: Vec<_> = SCENARIOS.iter().filter(|it| wanted.wants(it.name)).collect();
    let scale = Scale::new(wanted.quick, wanted.tickets);
    let stage = Stage::set(&wanted.program, &wanted.output, scale, &chosen).await?;
    let mut outcomes = Vec::new();
    for Scenario { name, title, run, .. } in chosen {
        let cases = run(&stage).await.with_context(|| format!("scenario `{name}`"))?;
        outcomes.push(Outcome { scenario: (*name).to_owned(), title: (*title).to_owned(), cases });
    }
    Ok(outcomes)
}
