//! The answers of `check` against those of a naive evaluator, over random tuples.
//!
//! The reference knows the model by heart. It starts from "nobody" and applies the rules to
//! every object until nothing changes; what stands under a `!` is finished before the `!` is.

use std::collections::BTreeSet;

use permissions::{Limits, Model, Tuple};
use proptest::collection::btree_set;
use proptest::prelude::*;

use crate::driver::Store;

const MODEL: &str = "
class User implements Namespace {}

class Group implements Namespace {
  related: { members: (User | SubjectSet<Group, 'members'>)[] }
}

class Folder implements Namespace {
  related: {
    owners: (User | SubjectSet<Group, 'members'> | SubjectSet<Folder, 'owners'>)[]
    banned: (User | SubjectSet<Group, 'members'>)[]
    parents: Folder[]
  }
  permits = {
    edit: (ctx) => (this.related.owners.includes(ctx.subject)
      || this.related.parents.traverse(p => p.permits.edit(ctx)))
      && !this.related.banned.includes(ctx.subject),
    near: (ctx) => this.related.parents.traverse(p => p.related.owners.includes(ctx.subject)),
    view: (ctx) => this.permits.edit(ctx) || this.permits.near(ctx)
      || this.related.parents.traverse(p => p.permits.view(ctx)),
    order: (ctx) => !this.permits.view(ctx) && !this.related.banned.includes(ctx.subject),
  }
}
";

const IDS: [&str; 3] = ["1", "2", "3"];
const USERS: [&str; 2] = ["User:1", "User:2"];

/// What holds for one user, each as `Folder:1#edit`.
struct Reference<'a> {
    tuples: &'a BTreeSet<String>,
    holds: BTreeSet<String>,
}

impl<'a> Reference<'a> {
    fn of(tuples: &'a BTreeSet<String>, user: &str) -> BTreeSet<String> {
        let mut reference = Self { tuples, holds: BTreeSet::new() };
        reference
            .complete("Group", "members", |all, id| all.includes("Group", id, "members", user));
        reference
            .complete("Folder", "owners", |all, id| all.includes("Folder", id, "owners", user));
        reference
            .complete("Folder", "banned", |all, id| all.includes("Folder", id, "banned", user));
        reference.complete("Folder", "edit", |all, id| {
            (all.has(id, "owners") || all.parent_has(id, "edit")) && !all.has(id, "banned")
        });
        reference.complete("Folder", "near", |all, id| all.parent_has(id, "owners"));
        reference.complete("Folder", "view", |all, id| {
            all.has(id, "edit") || all.has(id, "near") || all.parent_has(id, "view")
        });
        reference
            .complete("Folder", "order", |all, id| !all.has(id, "view") && !all.has(id, "banned"));
        reference.holds
    }

    /// Applies the rule to all objects until nothing changes.
    fn complete(&mut self, namespace: &str, name: &str, rule: impl Fn(&Self, &str) -> bool) {
        loop {
            let before = self.holds.len();
            for id in IDS {
                if rule(self, id) {
                    self.holds.insert(format!("{namespace}:{id}#{name}"));
                }
            }
            if self.holds.len() == before {
                return;
            }
        }
    }

    fn includes(&self, namespace: &str, id: &str, relation: &str, user: &str) -> bool {
        let prefix = format!("{namespace}:{id}#{relation}@");
        let mut subjects = self.tuples.iter().filter_map(|tuple| tuple.strip_prefix(&prefix));
        subjects.any(|subject| subject == user || self.holds.contains(subject))
    }

    fn has(&self, id: &str, name: &str) -> bool {
        self.holds.contains(&format!("Folder:{id}#{name}"))
    }

    fn parent_has(&self, id: &str, name: &str) -> bool {
        let is_parent =
            |parent: &str| self.tuples.contains(&format!("Folder:{id}#parents@Folder:{parent}"));
        IDS.into_iter().any(|parent| is_parent(parent) && self.has(parent, name))
    }
}

fn tuples() -> impl Strategy<Value = BTreeSet<String>> {
    let id = || prop::sample::select(IDS.to_vec());
    let user = || prop::sample::select(USERS.to_vec()).prop_map(str::to_owned);
    let group = || id().prop_map(|id| format!("Group:{id}#members"));
    let folder = || id().prop_map(|id| format!("Folder:{id}"));
    let owners = || folder().prop_map(|folder| format!("{folder}#owners"));
    let tuple = prop_oneof![
        (group(), prop_oneof![user(), group()]),
        (owners(), prop_oneof![user(), group(), owners()]),
        (folder().prop_map(|folder| folder + "#banned"), prop_oneof![user(), group()]),
        (folder().prop_map(|folder| folder + "#parents"), folder()),
    ];
    btree_set(tuple.prop_map(|(key, subject)| format!("{key}@{subject}")), 0..14)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn check_answers_as_the_reference_does(tuples in tuples()) {
        let model = Model::parse(MODEL).unwrap();
        let parsed: Vec<Tuple> = tuples.iter().map(|tuple| tuple.parse().unwrap()).collect();
        for tuple in &parsed {
            prop_assert_eq!(model.admits(tuple), Ok(()));
        }
        let store = Store::new(parsed);
        let limits = Limits { depth_max: 40, visits_max: 1_000_000 };
        for user in USERS {
            let holds = Reference::of(&tuples, user);
            for name in ["owners", "banned", "edit", "near", "view", "order"] {
                for id in IDS {
                    let key = format!("Folder:{id}#{name}");
                    let answer = store.ask_within(&model, &format!("{key}@{user}"), limits);
                    prop_assert_eq!(answer, Ok(holds.contains(&key)), "{}@{}", key, user);
                }
            }
        }
    }
}
