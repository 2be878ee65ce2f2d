//! How a check goes: rounds, decisions, negation, cycles and limits.

use permissions::{CheckError, Facts, Limits, Model, Step, check};

use crate::driver::Store;

const MODEL: &str = "
class User implements Namespace {}

class Group implements Namespace {
  related: { members: (User | SubjectSet<Group, 'members'>)[] }
}

class Folder implements Namespace {
  related: {
    owners: (User | SubjectSet<Group, 'members'>)[]
    banned: (User | SubjectSet<Group, 'members'>)[]
    parents: Folder[]
  }
  permits = {
    edit: (ctx) => this.related.owners.includes(ctx.subject)
      || this.related.parents.traverse(p => p.permits.edit(ctx)),
    near: (ctx) => this.related.parents.traverse(p => p.related.owners.includes(ctx.subject)),
    view: (ctx) => this.permits.edit(ctx) && !this.related.banned.includes(ctx.subject),
    stranger: (ctx) => !this.permits.edit(ctx),
    odd: (ctx) => !this.related.parents.traverse(p => p.permits.odd(ctx)),
    odd_or_owned: (ctx) => this.permits.odd(ctx) || this.related.owners.includes(ctx.subject),
    ever_odder: (ctx) => !!this.permits.ever_odder(ctx),
  }
}
";

fn model() -> Model {
    Model::parse(MODEL).unwrap()
}

fn ask(tuples: &str, query: &str) -> Result<bool, CheckError> {
    let model = model();
    Store::parse(&model, tuples).ask(&model, query)
}

fn ask_within(limits: Limits, tuples: &str, query: &str) -> Result<bool, CheckError> {
    let model = model();
    Store::parse(&model, tuples).ask_within(&model, query, limits)
}

fn depth(depth_max: usize) -> Limits {
    Limits { depth_max, ..Limits::default() }
}

fn visits(visits_max: usize) -> Limits {
    Limits { visits_max, ..Limits::default() }
}

fn too_deep(key: &str, depth_max: usize) -> CheckError {
    CheckError::TooDeep { key: key.parse().unwrap(), depth_max }
}

fn paradox(key: &str) -> CheckError {
    CheckError::Paradox { key: key.parse().unwrap() }
}

/// The keys of each round on the way to the answer.
fn rounds(tuples: &str, query: &str) -> Vec<Vec<String>> {
    let model = model();
    Store::parse(&model, tuples).rounds(&model, query, Limits::default()).unwrap().1
}

/// `Folder:1` in `Folder:2` in … `Folder:n`, which `User:u` owns.
fn chain(length: usize) -> String {
    let parents = (1..length).map(|n| format!("Folder:{n}#parents@Folder:{}\n", n + 1));
    parents.chain([format!("Folder:{length}#owners@User:u")]).collect()
}

#[test]
fn sets_of_subjects_are_followed() {
    let tuples = "Folder:f#owners@Group:a#members
                  Group:a#members@Group:b#members
                  Group:b#members@User:u";
    assert_eq!(ask(tuples, "Folder:f#edit@User:u"), Ok(true));
    assert_eq!(ask(tuples, "Group:a#members@User:u"), Ok(true));
    assert_eq!(ask(tuples, "Folder:f#edit@User:v"), Ok(false));
}

#[test]
fn traversals_reach_relations_and_permits() {
    let tuples = "Folder:f#parents@Folder:g
                  Folder:g#parents@Folder:h
                  Folder:g#owners@User:near
                  Folder:h#owners@User:far";
    assert_eq!(ask(tuples, "Folder:f#near@User:near"), Ok(true));
    assert_eq!(ask(tuples, "Folder:f#near@User:far"), Ok(false));
    assert_eq!(ask(tuples, "Folder:f#edit@User:far"), Ok(true));
}

#[test]
fn and_with_not() {
    let tuples = "Folder:f#owners@Group:a#members
                  Group:a#members@User:u
                  Group:a#members@User:v
                  Folder:f#banned@User:v";
    assert_eq!(ask(tuples, "Folder:f#view@User:u"), Ok(true));
    assert_eq!(ask(tuples, "Folder:f#view@User:v"), Ok(false));
    assert_eq!(ask(tuples, "Folder:f#stranger@User:u"), Ok(false));
    assert_eq!(ask(tuples, "Folder:f#stranger@User:w"), Ok(true));
}

#[test]
fn a_round_asks_for_all_that_it_can_see() {
    let tuples = "Folder:f#owners@Group:a#members
                  Folder:f#owners@Group:b#members
                  Folder:f#parents@Folder:g
                  Folder:g#owners@User:u";
    let first = ["Folder:f#banned", "Folder:f#owners", "Folder:f#parents"];
    let second = ["Folder:g#owners", "Folder:g#parents", "Group:a#members", "Group:b#members"];
    assert_eq!(rounds(tuples, "Folder:f#view@User:u"), [first.to_vec(), second.to_vec()]);
}

#[test]
fn what_is_decided_needs_no_more_facts() {
    let model = model();
    let mut facts = Facts::default();
    facts.learn("Folder:f#owners".parse().unwrap(), ["User:u".parse().unwrap()]);
    let step = |query: &str| check(&model, &facts, &query.parse().unwrap(), Limits::default());
    assert_eq!(step("Folder:f#edit@User:u"), Ok(Step::Answer(true)));
    assert_eq!(step("Folder:f#stranger@User:u"), Ok(Step::Answer(false)));
    let parents = Step::Need(vec!["Folder:f#parents".parse().unwrap()]);
    assert_eq!(step("Folder:f#edit@User:v"), Ok(parents));
    let mut facts = Facts::default();
    facts.learn("Folder:f#banned".parse().unwrap(), ["User:u".parse().unwrap()]);
    let query = "Folder:f#view@User:u".parse().unwrap();
    let decided = check(&model, &facts, &query, Limits::default());
    assert_eq!(decided, Ok(Step::Answer(false)));
}

#[test]
fn nothing_known_is_neither_yes_nor_no() {
    let query = "Folder:f#stranger@User:u".parse().unwrap();
    let step = check(&model(), &Facts::default(), &query, Limits::default());
    let keys = ["Folder:f#owners", "Folder:f#parents"].map(|key| key.parse().unwrap());
    assert_eq!(step, Ok(Step::Need(keys.to_vec())));
}

#[test]
fn what_is_learned_again_replaces_what_was_known() {
    let mut facts = Facts::default();
    let key: permissions::Key = "Folder:f#owners".parse().unwrap();
    facts.learn(key.clone(), ["User:u".parse().unwrap()]);
    facts.learn(key.clone(), []);
    assert_eq!(facts.subjects(&key).map(|subjects| subjects.len()), Some(0));
}

#[test]
fn groups_in_each_other_have_the_members_of_both() {
    let tuples = "Group:a#members@Group:b#members
                  Group:b#members@Group:a#members
                  Group:b#members@Group:b#members
                  Group:a#members@User:u
                  Folder:f#owners@Group:b#members";
    for group in ["a", "b"] {
        assert_eq!(ask(tuples, &format!("Group:{group}#members@User:u")), Ok(true));
        assert_eq!(ask(tuples, &format!("Group:{group}#members@User:v")), Ok(false));
    }
    assert_eq!(ask(tuples, "Folder:f#edit@User:u"), Ok(true));
}

#[test]
fn folders_in_each_other_have_the_owners_of_both() {
    let tuples = "Folder:f#parents@Folder:g
                  Folder:g#parents@Folder:f
                  Folder:g#owners@User:u";
    assert_eq!(ask(tuples, "Folder:f#edit@User:u"), Ok(true));
    assert_eq!(ask(tuples, "Folder:f#edit@User:v"), Ok(false));
}

#[test]
fn a_negation_around_a_whole_cycle_negates_its_answer() {
    let tuples = "Folder:f#owners@Group:a#members
                  Group:a#members@Group:b#members
                  Group:b#members@Group:a#members
                  Group:b#members@User:u";
    assert_eq!(ask(tuples, "Folder:f#stranger@User:u"), Ok(false));
    assert_eq!(ask(tuples, "Folder:f#stranger@User:v"), Ok(true));
}

#[test]
fn a_negation_within_a_cycle_is_a_paradox() {
    let tuples = "Folder:f#parents@Folder:f\nFolder:g#parents@Folder:f";
    assert_eq!(ask(tuples, "Folder:f#odd@User:u"), Err(paradox("Folder:f#odd")));
    assert_eq!(ask(tuples, "Folder:g#odd@User:u"), Err(paradox("Folder:f#odd")));
    assert_eq!(ask("", "Folder:f#ever_odder@User:u"), Err(paradox("Folder:f#ever_odder")));
    assert_eq!(ask("", "Folder:f#odd@User:u"), Ok(true));
    assert_eq!(ask("Folder:f#parents@Folder:g", "Folder:f#odd@User:u"), Ok(false));
}

#[test]
fn an_answer_that_a_paradox_cannot_change_stands() {
    let tuples = "Folder:f#parents@Folder:f\nFolder:f#owners@User:u";
    assert_eq!(ask(tuples, "Folder:f#odd_or_owned@User:u"), Ok(true));
    assert_eq!(ask(tuples, "Folder:f#odd_or_owned@User:v"), Err(paradox("Folder:f#odd")));
}

#[test]
fn depth_is_counted_from_the_question_to_the_fact() {
    // Four folders and the owners of the last.
    assert_eq!(ask_within(depth(5), &chain(4), "Folder:1#edit@User:u"), Ok(true));
    let error = too_deep("Folder:4#owners", 4);
    assert_eq!(ask_within(depth(4), &chain(4), "Folder:1#edit@User:u"), Err(error));
    assert_eq!(ask(&chain(15), "Folder:1#edit@User:u"), Ok(true));
    let error = ask(&chain(16), "Folder:1#edit@User:u").unwrap_err();
    assert_eq!(error, too_deep("Folder:16#owners", 16));
    assert_eq!(error.to_string(), "`Folder:16#owners` is more than 16 steps from the question");
    let error = too_deep("Folder:1#edit", 0);
    assert_eq!(ask_within(depth(0), "", "Folder:1#edit@User:u"), Err(error));
}

#[test]
fn too_deep_is_never_yes_not_even_negated() {
    let error = Err(too_deep("Folder:4#owners", 5));
    for subject in ["User:u", "User:v"] {
        let query = format!("Folder:1#stranger@{subject}");
        assert_eq!(ask_within(depth(5), &chain(4), &query), error);
    }
}

#[test]
fn an_answer_that_the_deep_part_cannot_change_stands() {
    let tuples = chain(9) + "\nFolder:1#owners@User:v\nFolder:1#banned@User:w";
    assert_eq!(ask_within(depth(5), &tuples, "Folder:1#edit@User:v"), Ok(true));
    assert_eq!(ask_within(depth(5), &tuples, "Folder:1#stranger@User:v"), Ok(false));
    assert_eq!(ask_within(depth(5), &tuples, "Folder:1#view@User:w"), Ok(false));
    let error = Err(too_deep("Folder:5#owners", 5));
    assert_eq!(ask_within(depth(5), &tuples, "Folder:1#edit@User:w"), error);
}

#[test]
fn visits_are_counted() {
    let groups: String = (0..50).map(|n| format!("Folder:f#owners@Group:{n}#members\n")).collect();
    // The permit, the owners, and each group.
    assert_eq!(ask_within(visits(52), &groups, "Folder:f#edit@User:u"), Ok(false));
    let too_wide = Err(CheckError::TooWide { visits_max: 51 });
    assert_eq!(ask_within(visits(51), &groups, "Folder:f#edit@User:u"), too_wide);
    assert_eq!(ask_within(visits(51), &groups, "Folder:f#stranger@User:u"), too_wide);
    let owned = groups + "Group:0#members@User:u";
    assert_eq!(ask_within(visits(51), &owned, "Folder:f#edit@User:u"), Ok(true));
}

#[test]
fn groups_that_are_all_in_each_other_end_at_the_limit() {
    let pairs = (0..12).flat_map(|a| (0..12).map(move |b| (a, b)));
    let tuples: String =
        pairs.map(|(a, b)| format!("Group:{a}#members@Group:{b}#members\n")).collect();
    let too_wide = Err(CheckError::TooWide { visits_max: 10_000 });
    assert_eq!(ask(&tuples, "Group:0#members@User:u"), too_wide);
    let with_member = tuples + "Group:11#members@User:u";
    assert_eq!(ask(&with_member, "Group:0#members@User:u"), Ok(true));
}

#[test]
fn many_members_cost_no_visits() {
    let members: String = (0..20_000).map(|n| format!("Group:g#members@User:{n}\n")).collect();
    assert_eq!(ask_within(visits(1), &members, "Group:g#members@User:19999"), Ok(true));
    assert_eq!(ask_within(visits(1), &members, "Group:g#members@User:x"), Ok(false));
}

#[test]
fn a_question_outside_of_the_model_is_an_error() {
    let namespace = |name: &str| CheckError::UnknownNamespace { namespace: name.to_owned() };
    assert_eq!(ask("", "Seat:s#edit@User:u"), Err(namespace("Seat")));
    assert_eq!(ask("", "Folder:f#edit@Usr:u"), Err(namespace("Usr")));
    let error = ask("", "Folder:f#sit@User:u").unwrap_err();
    assert_eq!(error.to_string(), "`Folder` declares no relation or permit `sit`");
}

#[test]
fn nothing_follows_from_a_tuple_that_the_model_refuses() {
    let model = model();
    for (tuple, query) in [
        ("Folder:f#owners@Group:g", "Folder:f#edit@Group:g"),
        ("Folder:f#owners@Folder:g#owners", "Folder:f#edit@User:u"),
        ("Folder:f#owners@Seat:s#members", "Folder:f#stranger@User:u"),
        ("Folder:f#parents@Group:g", "Folder:f#near@User:u"),
        ("Folder:f#parents@Folder:g#owners", "Folder:f#near@User:u"),
    ] {
        let error = Store::new([tuple.parse().unwrap()]).ask(&model, query).unwrap_err();
        assert_eq!(error.to_string(), format!("the stored tuple `{tuple}` doesn't fit the model"));
    }
}
