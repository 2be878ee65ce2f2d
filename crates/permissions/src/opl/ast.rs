//! The syntax tree, and its text form.

use std::fmt;

use crate::tuple::Subject;

/// A place in the source, for a person to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// Where a source starts.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// A name, and where it was written.
///
/// Two names are equal when their texts are: a tree equals another one laid out differently.
#[derive(Debug, Clone)]
pub struct Name {
    text: String,
    position: Position,
}

/// A `class … implements Namespace`: a kind of object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// The class's name.
    pub name: Name,
    /// What is stored about an object, in the order of declaration.
    pub relations: Vec<Relation>,
    /// What follows from it, in the order of declaration.
    pub permits: Vec<Permit>,
}

/// An entry of `related`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// The entry's name.
    pub name: Name,
    /// Who may be in the relation.
    pub types: Vec<SubjectType>,
}

/// A type in a relation's declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectType {
    /// `User`: objects of a namespace.
    Object(Name),
    /// `SubjectSet<Group, "members">`: everyone in a relation to an object of a namespace.
    Set {
        /// The object's namespace.
        namespace: Name,
        /// The relation to it.
        relation: Name,
    },
}

/// An entry of `permits`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// The entry's name.
    pub name: Name,
    /// When it is granted.
    pub expr: Expr,
}

/// A condition on an object and a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// `this.related.x.includes(ctx.subject)`
    Includes(Name),
    /// `this.permits.x(ctx)`
    Permits(Name),
    /// `this.related.x.traverse((p) => …)`: the hop holds for one of the related objects.
    Traverse {
        /// The relation that leads to the objects.
        relation: Name,
        /// What is asked of each of them.
        hop: Hop,
    },
    /// `!x`
    Not(Box<Expr>),
    /// `x && y && …`, two or more.
    All(Vec<Expr>),
    /// `x || y || …`, two or more.
    Any(Vec<Expr>),
}

/// What a traversal asks of an object at its far end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hop {
    /// `p.related.x.includes(ctx.subject)`
    Includes(Name),
    /// `p.permits.x(ctx)`
    Permits(Name),
}

impl Name {
    /// A name that stands at a place in the source.
    #[must_use]
    pub fn new(text: impl Into<String>, position: Position) -> Self {
        Self { text: text.into(), position }
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where it was written.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }
}

impl Namespace {
    /// The relation of this name.
    #[must_use]
    pub fn relation(&self, name: &str) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.name.as_str() == name)
    }

    /// The permit of this name.
    #[must_use]
    pub fn permit(&self, name: &str) -> Option<&Permit> {
        self.permits.iter().find(|permit| permit.name.as_str() == name)
    }
}

impl Relation {
    /// Whether one of the declared types is the subject's.
    #[must_use]
    pub fn admits(&self, subject: &Subject) -> bool {
        self.types.iter().any(|declared| declared.admits(subject))
    }
}

impl SubjectType {
    fn admits(&self, subject: &Subject) -> bool {
        match (self, subject) {
            (SubjectType::Object(namespace), Subject::Id(object)) => {
                namespace.as_str() == object.namespace
            }
            (SubjectType::Set { namespace, relation }, Subject::Set { object, relation: of }) => {
                namespace.as_str() == object.namespace && relation.as_str() == of
            }
            _ => false,
        }
    }
}

impl Hop {
    /// The name of the relation or permit at the far end.
    #[must_use]
    pub fn name(&self) -> &Name {
        match self {
            Hop::Includes(name) | Hop::Permits(name) => name,
        }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Name {}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for SubjectType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SubjectType::Object(namespace) => write!(f, "{namespace}"),
            SubjectType::Set { namespace, relation } => {
                write!(f, "SubjectSet<{namespace}, \"{relation}\">")
            }
        }
    }
}

/// The declaration's own text: parsing it gives an equal namespace.
impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "class {} implements Namespace {{\n  related: {{", self.name)?;
        for relation in &self.relations {
            let types: Vec<_> = relation.types.iter().map(SubjectType::to_string).collect();
            writeln!(f, "    {}: ({})[]", relation.name, types.join(" | "))?;
        }
        writeln!(f, "  }}\n\n  permits = {{")?;
        for Permit { name, expr } in &self.permits {
            writeln!(f, "    {name}: (ctx: Context): boolean => {expr},")?;
        }
        writeln!(f, "  }}\n}}")
    }
}

/// The expression's own text, with no more parentheses than it needs.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Includes(name) => write!(f, "this.related.{name}.includes(ctx.subject)"),
            Expr::Permits(name) => write!(f, "this.permits.{name}(ctx)"),
            Expr::Traverse { relation, hop } => {
                write!(f, "this.related.{relation}.traverse((p) => {hop})")
            }
            Expr::Not(operand) => write!(f, "!{}", Operand(operand, Rank::Not)),
            Expr::All(operands) => write_joined(f, operands, " && ", Rank::All),
            Expr::Any(operands) => write_joined(f, operands, " || ", Rank::Any),
        }
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hop::Includes(name) => write!(f, "p.related.{name}.includes(ctx.subject)"),
            Hop::Permits(name) => write!(f, "p.permits.{name}(ctx)"),
        }
    }
}

/// How tightly an expression binds.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Rank {
    Any,
    All,
    Not,
    Atom,
}

/// An operand of an operator of a rank: it stands in parentheses unless it binds tighter.
struct Operand<'a>(&'a Expr, Rank);

impl Expr {
    fn rank(&self) -> Rank {
        match self {
            Expr::Includes(_) | Expr::Permits(_) | Expr::Traverse { .. } => Rank::Atom,
            Expr::Not(_) => Rank::Not,
            Expr::All(_) => Rank::All,
            Expr::Any(_) => Rank::Any,
        }
    }
}

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Operand(expr, outer) = self;
        let double_not = expr.rank() == Rank::Not && *outer == Rank::Not;
        if expr.rank() > *outer || double_not { write!(f, "{expr}") } else { write!(f, "({expr})") }
    }
}

fn write_joined(
    f: &mut fmt::Formatter<'_>,
    operands: &[Expr],
    operator: &str,
    rank: Rank,
) -> fmt::Result {
    for (index, operand) in operands.iter().enumerate() {
        let before = if index == 0 { "" } else { operator };
        write!(f, "{before}{}", Operand(operand, rank))?;
    }
    Ok(())
}
