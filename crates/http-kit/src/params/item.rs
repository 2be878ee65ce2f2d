//! Structured parameters, in the three forms in which clients write them:
//!
//! ```text
//! filter={"name":"price","operator":"gt","value":5}                                     JSON
//! filter=name=price,operator=gt,value=5                                                 commas
//! filter[0][name]=price&filter[0][operator]=gt&filter[0][value]=5                       brackets
//! ```
//!
//! A JSON array holds several items. `filter[]=…` and `filter[0]=…` are `filter=…`, as some
//! clients write what is repeated; `filter[name]=…` without a number is for a single item.
//!
//! In the form with commas, a comma ends a value only where one of the members' names and `=`
//! follow it, so that values and lists may have commas of their own.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{Broken, Given, Params};
use crate::body::printable;
use crate::members::Members;

/// The most members that are read of one item; none of ours has half as many.
const MEMBERS_MAX: usize = 16;

/// What a structured parameter looks like.
#[derive(Debug)]
pub struct Shape {
    /// Its name, such as `filter`.
    pub name: &'static str,
    /// The names of its members.
    pub members: &'static [&'static str],
    /// Those of them that are lists: in brackets they may be repeated.
    pub lists: &'static [&'static str],
    /// How many items there may be.
    pub max: usize,
    /// An item in the form with commas, to show in refusals.
    pub example: &'static str,
}

/// One structured parameter: its members, not yet read.
#[derive(Debug)]
pub struct Item {
    at: String,
    members: Vec<(&'static str, Given)>,
}

impl Item {
    /// How one of its members is named in refusals: `filter[0].value`.
    #[must_use]
    pub fn field(&self, member: &str) -> String {
        format!("{}.{member}", self.at)
    }

    /// Takes the member `name`, if it is there.
    pub fn take(&mut self, name: &str) -> Option<Given> {
        let index = self.members.iter().position(|(member, _)| *member == name)?;
        Some(self.members.swap_remove(index).1)
    }

    /// Takes and reads the member `name`, which must be there.
    pub fn required<T>(
        &mut self,
        name: &str,
        broken: &mut Broken,
        read: impl FnOnce(Given) -> Result<T, String>,
    ) -> Option<T> {
        let given = self.take(name).ok_or_else(|| "is required".to_owned());
        broken.check(self.field(name), given.and_then(read))
    }

    /// Refuses what was not taken.
    pub fn nothing_else(self, why: &'static str, broken: &mut Broken) {
        for (member, _) in &self.members {
            broken.add(self.field(member), why);
        }
    }

    fn add(&mut self, shape: &Shape, name: &str, value: Given, broken: &mut Broken) {
        let Some(name) = shape.members.iter().find(|member| **member == name) else {
            let rule = format!("is not one of {}", shape.members.join(", "));
            return broken.add(self.field(&printable(name)), rule);
        };
        let known = self.members.iter_mut().find(|(member, _)| member == name);
        match (known, value) {
            (None, value) => self.members.push((name, value)),
            (Some((_, Given::List(list))), Given::List(more)) => list.extend(more),
            _ => broken.add(self.field(name), "must not be repeated"),
        }
    }

    /// Whether `name` is a list of which an element is there: then this is one more of them.
    fn is_repeated(&mut self, shape: &Shape, name: &str) -> bool {
        let known = self.members.iter_mut().find(|(member, _)| *member == name);
        let Some((_, known)) = known.filter(|_| shape.lists.contains(&name)) else {
            return false;
        };
        if let Given::Plain(first) = known {
            *known = Given::List(vec![Given::Plain(std::mem::take(first))]);
        }
        true
    }
}

impl Params {
    /// The items of a structured parameter, in any of their forms. At most `shape.max`; with more,
    /// the parameter is broken, and there are none.
    pub fn items(&self, shape: &Shape, broken: &mut Broken) -> Vec<Item> {
        let mut reader = Reader { shape, broken, whole: Vec::new(), parts: BTreeMap::new() };
        for (keys, value) in self.in_brackets(shape.name) {
            reader.read(keys, value);
        }
        reader.items()
    }
}

struct Reader<'a> {
    shape: &'a Shape,
    broken: &'a mut Broken,
    /// The items that stood in one parameter each; `None` counts one that can't be read.
    whole: Vec<Option<Item>>,
    /// The items in brackets, by their number.
    parts: BTreeMap<Option<usize>, Item>,
}

impl Reader<'_> {
    fn read(&mut self, keys: Option<Vec<&str>>, value: Result<&str, &'static str>) {
        let Some(value) = self.broken.check(self.shape.name, value) else {
            return;
        };
        let Some(keys) = keys else {
            return self.refuse_brackets();
        };
        let is_number = |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit());
        match keys[..] {
            [] | [""] => self.read_whole(value),
            [key] if is_number(key) => self.read_whole(value),
            [name] => self.read_part(None, name, value, false),
            [name, at] if !is_number(name) && (at.is_empty() || is_number(at)) => {
                self.read_part(None, name, value, true);
            }
            [at, name] if is_number(at) => self.read_numbered(at, name, value, false),
            [at, name, element] if is_number(at) && (element.is_empty() || is_number(element)) => {
                self.read_numbered(at, name, value, true);
            }
            _ => self.refuse_brackets(),
        }
    }

    fn refuse_brackets(&mut self) {
        let rule = "must have brackets such as [0][name], [name] or none";
        self.broken.add(self.shape.name, rule);
    }

    fn read_numbered(&mut self, number: &str, name: &str, value: &str, is_element: bool) {
        match number.parse() {
            Ok(number) if number < self.shape.max => {
                self.read_part(Some(number), name, value, is_element);
            }
            _ => {
                let rule = format!("must be numbered from 0 to {}", self.shape.max - 1);
                self.broken.add(self.shape.name, rule);
            }
        }
    }

    /// One member, such as `filter[0][value]=5`.
    fn read_part(&mut self, number: Option<usize>, name: &str, value: &str, is_element: bool) {
        let shape = self.shape;
        let at = || match number {
            Some(number) if shape.max > 1 => format!("{}[{number}]", shape.name),
            _ => shape.name.to_owned(),
        };
        let item =
            self.parts.entry(number).or_insert_with(|| Item { at: at(), members: Vec::new() });
        let mut value = Given::Plain(value.to_owned());
        if is_element || item.is_repeated(shape, name) {
            if !shape.lists.contains(&name) {
                return self.broken.add(item.field(&printable(name)), "must not be repeated");
            }
            value = Given::List(vec![value]);
        }
        item.add(shape, name, value, self.broken);
    }

    /// A whole item, or several in a JSON array: `filter={…}`, `filter=name=price,…`.
    fn read_whole(&mut self, text: &str) {
        let text = text.trim();
        if text.starts_with('[') {
            match serde_json::from_str::<Vec<&RawValue>>(text) {
                Ok(items) => items.into_iter().for_each(|item| self.read_one(item.get())),
                Err(_) => self.refuse(),
            }
        } else {
            self.read_one(text);
        }
    }

    fn read_one(&mut self, text: &str) {
        if self.whole.len() > self.shape.max {
            return;
        }
        let mut item = Item { at: self.next_name(), members: Vec::new() };
        if text.starts_with('{') {
            let read = serde_json::from_str::<Members<MEMBERS_MAX>>(text).ok();
            let Some(Members(members)) = read.filter(|it| it.0.len() <= MEMBERS_MAX) else {
                return self.refuse();
            };
            for (name, raw) in members {
                item.add(self.shape, &name, Given::of_json(&raw), self.broken);
            }
        } else {
            let Some(members) = comma_list(text, self.shape.members) else {
                return self.refuse();
            };
            for (name, value) in members {
                item.add(self.shape, name, Given::Plain(value.to_owned()), self.broken);
            }
        }
        self.whole.push(Some(item));
    }

    fn next_name(&self) -> String {
        match self.shape.max {
            1 => self.shape.name.to_owned(),
            _ => format!("{}[{}]", self.shape.name, self.whole.len()),
        }
    }

    fn refuse(&mut self) {
        let rule = format!("must be a JSON object, or a list such as {}", self.shape.example);
        self.broken.add(self.next_name(), rule);
        self.whole.push(None);
    }

    fn items(self) -> Vec<Item> {
        let Shape { name, max, .. } = *self.shape;
        if self.whole.len() + self.parts.len() > max {
            let rule = match max {
                1 => "must not be repeated".to_owned(),
                max => format!("must be given at most {max} times"),
            };
            self.broken.add(name, rule);
            return Vec::new();
        }
        self.whole.into_iter().flatten().chain(self.parts.into_values()).collect()
    }
}

/// `name=price,operator=gt` as its members; none when it doesn't begin with one.
fn comma_list<'a>(text: &'a str, known: &[&str]) -> Option<Vec<(&'a str, &'a str)>> {
    let begins_member = |text: &str| {
        let name = |name: &&str| text.strip_prefix(*name).is_some_and(|rest| rest.starts_with('='));
        known.iter().any(name)
    };
    let mut members = Vec::new();
    let (mut start, mut ends) = (0, text.match_indices(',').map(|(at, _)| at));
    while start < text.len() {
        let end = ends.find(|at| begins_member(text[at + 1..].trim_start()));
        let end = end.unwrap_or(text.len());
        let (name, value) = text[start..end].split_once('=')?;
        members.push((name.trim(), value.trim()));
        start = end + 1;
    }
    (!members.is_empty() && members.len() <= MEMBERS_MAX).then_some(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILTER: Shape = Shape {
        name: "filter",
        members: &["name", "value", "values"],
        lists: &["values"],
        max: 3,
        example: "name=price,value=5",
    };

    type Read = Vec<(String, Vec<(&'static str, Given)>)>;

    fn items(query: &str) -> Result<Read, kernel::Refusal> {
        let mut broken = Broken::default();
        let items = Params::parse(query).items(&FILTER, &mut broken);
        broken.build(|| Some(items.into_iter().map(|item| (item.at, item.members)).collect()))
    }

    fn broken(query: &str) -> Vec<String> {
        let refusal = items(query).expect_err(query);
        let field = |error: kernel::FieldError| error.field.unwrap_or_default().into_owned();
        refusal.fields.into_iter().map(field).collect()
    }

    fn plain(text: &str) -> Given {
        Given::Plain(text.to_owned())
    }

    #[test]
    fn all_forms_say_the_same() {
        let (name, value) = (("name", plain("price")), ("value", plain("5")));
        for query in [
            "filter=name=price,value=5",
            "filter=%20name%20=%20price%20,%20value=5",
            "filter[]=name=price,value=5",
            "filter%5B0%5D=name%3Dprice%2Cvalue%3D5",
            "filter[0][name]=price&filter[0][value]=5",
        ] {
            let wanted = vec![("filter[0]".to_owned(), vec![name.clone(), value.clone()])];
            assert_eq!(items(query).unwrap(), wanted, "{query}");
        }
        let single = items("filter[name]=price&other[name]=x&filter[value]=5&filters=1").unwrap();
        assert_eq!(single, [("filter".to_owned(), vec![name, value])]);
        let json =
            items(r#"filter={"name":"price","value":5}&filter=[{"value":null},{}]"#).unwrap();
        let text = ("name", Given::Text("price".to_owned()));
        let number = ("value", Given::Number("5".to_owned()));
        assert_eq!(json[0], ("filter[0]".to_owned(), vec![text, number]));
        assert_eq!(json[1], ("filter[1]".to_owned(), vec![("value", Given::Null)]));
        assert_eq!(json[2], ("filter[2]".to_owned(), vec![]));
    }

    #[test]
    fn lists_have_elements_in_each_form() {
        let wanted = Given::List(vec![plain("a"), plain("b")]);
        for query in [
            "filter[0][values][]=a&filter[0][values][]=b",
            "filter[0][values][0]=a&filter[0][values][1]=b",
            "filter[0][values]=a&filter[0][values]=b",
            "filter[values]=a&filter[values]=b",
            "filter[values][]=a&filter[values][1]=b",
        ] {
            assert_eq!(items(query).unwrap()[0].1, [("values", wanted.clone())], "{query}");
        }
        let listed = items("filter=values=[a,b],name=x,y").unwrap();
        assert_eq!(listed[0].1, [("values", plain("[a,b]")), ("name", plain("x,y"))]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (query, fields) in [
            ("filter=", &["filter[0]"][..]),
            ("filter=5", &["filter[0]"]),
            ("filter={", &["filter[0]"]),
            ("filter=[1,{}]", &["filter[0]"]),
            ("filter=[{}", &["filter[0]"]),
            ("filter=,,,", &["filter[0]"]),
            ("filter={}&filter=x", &["filter[1]"]),
            ("filter=name=a,name=b", &["filter[0].name"]),
            (r#"filter={"name":1,"name":2}"#, &["filter[0].name"]),
            (r#"filter={"colour":1,"<b>":2}"#, &["filter[0].colour", "filter[0].(unprintable)"]),
            ("filter[0][colour]=1", &["filter[0].colour"]),
            ("filter[1][name]=a&filter[1][name]=b", &["filter[1].name"]),
            ("filter[0][name][]=a", &["filter[0].name"]),
            ("filter[3][name]=a", &["filter"]),
            ("filter[99999999999999999999][name]=a", &["filter"]),
            ("filter[][name]=a", &["filter"]),
            ("filter[0][name", &["filter"]),
            ("filter[0][name][0][0]=a", &["filter"]),
            ("filter={}&filter={}&filter={}&filter={}", &["filter"]),
            ("filter[0][name]=%ff", &["filter"]),
        ] {
            assert_eq!(broken(query), fields, "{query}");
        }
    }

    #[test]
    fn floods_get_short_answers() {
        assert_eq!(broken(&"filter={}&".repeat(10_000)), ["filter"]);
        assert_eq!(broken(&format!("filter=[{}{{}}]", "{},".repeat(10_000))), ["filter"]);
        assert_eq!(broken(&"filter[x&".repeat(10_000)).len(), 50);
        assert_eq!(broken(&format!("filter={}", "name=x,".repeat(10_000))), ["filter[0]"]);
        let members = r#""x":1,"#.repeat(10_000);
        assert_eq!(broken(&format!("filter={{{members}\"y\":1}}")), ["filter[0]"]);
        assert_eq!(broken(&format!("filter={}", "[".repeat(50_000))), ["filter[0]"]);
    }
}
