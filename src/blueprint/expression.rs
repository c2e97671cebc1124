//! Expressions: `${...}` in a blueprint, parsed once by `cel` and walked over our own values.
//!
//! The `cel` crate gives syntax and macros; evaluation is here, because values may be symbolic
//! and every map must be ordered. A resource is passed around as a reference with an empty path,
//! a region as one with an empty id; [`Scope::select`] turns either into what it holds.

use std::borrow::Cow;

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr,
    operators as op,
};
use cel::parser::PrattParser;

use super::{effort, functions, mistakes, names};
use crate::diagnostic::{Diagnostic, Location};
use crate::schema::nearest;
use crate::value::{Map, Value};

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl Failure {
    /// A failure without advice.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
        }
    }
    /// This failure at a place.
    pub fn at(self, location: &Location) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(location.clone(), self.message);
        diagnostic.help = self.help;
        diagnostic
    }
}

/// The variables that an expression sees.
pub trait Scope {
    /// A variable's value; `None` when there is no such variable.
    fn variable(&self, name: &str) -> Result<Option<Cow<'_, Value>>, Failure>;
    /// A member of a resource or region.
    fn select(&self, of: &crate::value::Reference, name: &str) -> Result<Value, Failure>;
    /// Renders a text template.
    fn template(&self, name: &str, args: &Value) -> Result<Value, Failure>;
    /// What a member is that is not there: an error, unless a scope takes it for null.
    fn absent(&self, failure: Failure) -> Result<Value, Failure> {
        Err(failure)
    }
}

/// One parsed expression.
#[derive(Debug)]
pub struct Expression {
    ast: IdedExpr,
    /// Where it stands.
    pub location: Location,
}

struct Binding<'a> {
    name: &'a str,
    value: &'a Value,
    outer: Option<&'a Binding<'a>>,
}

type Outcome<'a> = Result<Cow<'a, Value>, Failure>;

impl Expression {
    /// Parses the text between the braces.
    ///
    /// # Errors
    /// When it is not CEL.
    pub fn parse(text: &str, location: &Location) -> Result<Self, Diagnostic> {
        if let Some(message) = effort::too_much(text) {
            return Err(
                Diagnostic::error(location.clone(), message).help("move parts of it to `locals`")
            );
        }
        if let Some(ast) = path(text.trim()) {
            return Ok(Self {
                ast,
                location: location.clone(),
            });
        }
        // It takes a tenth of the time of the crate's other parser, and reads the same.
        let ast = PrattParser::default().parse(text).map_err(|errors| {
            let why = errors
                .errors
                .first()
                .map_or_else(|| errors.to_string(), |e| mistakes::in_words(&e.msg));
            Diagnostic::error(
                location.clone(),
                format!("`{}` is not an expression: {why}", text.trim()),
            )
        })?;
        Ok(Self {
            ast,
            location: location.clone(),
        })
    }

    /// The value in `scope`.
    ///
    /// # Errors
    /// When a name, key or type does not fit.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, Failure> {
        effort::counted(|| eval(&self.ast, scope, None).map(Cow::into_owned))
    }

    /// Calls `visit` with the name of every function and operator that is called.
    pub fn calls<'a>(&'a self, visit: &mut dyn FnMut(&'a str)) {
        names::calls(&self.ast.expr, visit);
    }

    /// Calls `visit` with every free variable and, for `inputs.x`, `locals.x` and `regions[_].x`,
    /// the member.
    pub fn variables<'a>(&'a self, visit: &mut dyn FnMut(&'a str, Option<&'a str>)) {
        names::free(&self.ast.expr, &mut Vec::new(), visit);
    }

    /// Calls `visit` with every free variable and the members that are asked of it, one below the other;
    /// what a macro or an index goes through is `*`.
    pub fn paths<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &[&'a str])) {
        names::paths(&self.ast.expr, &mut Vec::new(), visit);
    }
}

fn eval<'a>(
    expr: &'a IdedExpr,
    scope: &'a dyn Scope,
    vars: Option<&'a Binding<'a>>,
) -> Outcome<'a> {
    effort::step(1)?;
    match &expr.expr {
        Expr::Literal(literal) => Ok(Cow::Owned(match literal {
            LiteralValue::Boolean(b) => Value::Bool(*b.inner()),
            LiteralValue::Int(i) => Value::Int(*i.inner()),
            LiteralValue::UInt(u) => Value::Int(i64::try_from(*u.inner()).unwrap_or(i64::MAX)),
            LiteralValue::Double(d) => Value::Float(*d.inner()),
            LiteralValue::String(s) => Value::str(s.inner()),
            LiteralValue::Null => Value::Null,
            LiteralValue::Bytes(_) => {
                return Err(Failure::new(
                    "byte strings are not supported in a blueprint",
                ));
            }
        })),
        Expr::Ident(name) => {
            let mut binding = vars;
            while let Some(b) = binding {
                if b.name == name {
                    return Ok(Cow::Borrowed(b.value));
                }
                binding = b.outer;
            }
            scope
                .variable(name)?
                .ok_or_else(|| Failure::new(format!("there is no `{name}` here")))
        }
        Expr::Select(select) => {
            let of = eval(&select.operand, scope, vars)?;
            if select.test {
                let has = match &*of {
                    Value::Map(map) => map.get(&select.field).is_some_and(|v| *v != Value::Null),
                    Value::Reference(r) => scope.select(r, &select.field).is_ok(),
                    _ => false,
                };
                return Ok(Cow::Owned(Value::Bool(has)));
            }
            member(of, &select.field, scope)
        }
        Expr::Call(call) => eval_call(call, scope, vars),
        Expr::List(list) => list
            .elements
            .iter()
            .map(|e| copied(eval(e, scope, vars)?))
            .collect::<Result<Vec<_>, _>>()
            .map(|items| Cow::Owned(Value::List(items))),
        Expr::Map(map) => {
            let mut entries = Map::new();
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    let key = eval(&entry.key, scope, vars)?.to_string();
                    entries.insert(key, copied(eval(&entry.value, scope, vars)?)?);
                }
            }
            Ok(Cow::Owned(Value::Map(entries)))
        }
        Expr::Comprehension(c) => comprehend(c, scope, vars).map(Cow::Owned),
        _ => Err(Failure::new("this form of expression is not supported")),
    }
}

/// A value as a part of another one.
fn copied(value: Cow<'_, Value>) -> Result<Value, Failure> {
    effort::copy(&value)?;
    Ok(value.into_owned())
}

fn member<'a>(of: Cow<'a, Value>, name: &str, scope: &dyn Scope) -> Outcome<'a> {
    let missing = |map: &Map| {
        let known: Vec<&str> = map.iter().map(|(k, _)| &**k).collect();
        // A graph of hundreds says less than the first few of its names.
        const NAMED: usize = 20;
        let more = match known.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let first = &known[..known.len().min(NAMED)];
        Failure {
            message: format!("there is no `{name}` in {{{}{more}}}", first.join(", ")),
            help: nearest(name, known.iter().copied()).map(|n| format!("did you mean `{n}`?")),
        }
    };
    let absent = |failure| scope.absent(failure).map(Cow::Owned);
    match of {
        Cow::Borrowed(Value::Map(map)) => match map.get(name) {
            Some(value) => Ok(Cow::Borrowed(value)),
            None => absent(missing(map)),
        },
        Cow::Owned(Value::Map(mut map)) => match map.remove(name) {
            Some(value) => Ok(Cow::Owned(value)),
            None => absent(missing(&map)),
        },
        other => match &*other {
            Value::Reference(reference) => scope.select(reference, name).map(Cow::Owned),
            Value::Null => absent(Failure::new(format!(
                "`{name}` of null: its resource is not included here"
            ))),
            value => absent(Failure::new(format!(
                "`{value}` has no members, so no `{name}`"
            ))),
        },
    }
}

fn eval_call<'a>(
    call: &'a CallExpr,
    scope: &'a dyn Scope,
    vars: Option<&'a Binding<'a>>,
) -> Outcome<'a> {
    let arg = |index: usize| eval(&call.args[index], scope, vars);
    let truth = |value: Outcome<'_>| match &*value? {
        Value::Bool(b) => Ok(*b),
        other => Err(functions::known(other)
            .err()
            .unwrap_or_else(|| Failure::new(format!("`{other}` is not true or false")))),
    };
    match call.func_name.as_str() {
        op::CONDITIONAL => return if truth(arg(0))? { arg(1) } else { arg(2) },
        name @ (op::LOGICAL_AND | op::LOGICAL_OR) => {
            let decisive = name == op::LOGICAL_OR;
            let left = truth(arg(0));
            if left == Ok(decisive) {
                return Ok(Cow::Owned(Value::Bool(decisive)));
            }
            let right = truth(arg(1))?;
            return if right == decisive {
                Ok(Cow::Owned(Value::Bool(right)))
            } else {
                left.map(|_| Cow::Owned(Value::Bool(right)))
            };
        }
        op::LOGICAL_NOT => return Ok(Cow::Owned(Value::Bool(!truth(arg(0))?))),
        op::NOT_STRICTLY_FALSE => return Ok(Cow::Owned(Value::Bool(truth(arg(0)) != Ok(false)))),
        op::INDEX => {
            let index = arg(1)?;
            let of = arg(0)?;
            return match (&*of, &*index) {
                (_, Value::String(key)) => member(of, key, scope),
                (Value::List(items), Value::Int(i)) => {
                    match usize::try_from(*i).ok().and_then(|i| items.get(i)) {
                        Some(item) => Ok(Cow::Owned(item.clone())),
                        None => {
                            let message =
                                format!("there is no item {i} in a list of {}", items.len());
                            scope.absent(Failure::new(message)).map(Cow::Owned)
                        }
                    }
                }
                (Value::Reference(reference), Value::Int(i)) => {
                    scope.select(reference, &i.to_string()).map(Cow::Owned)
                }
                (of, index) => Err(Failure::new(format!(
                    "`{of}` cannot be indexed by `{index}`"
                ))),
            };
        }
        _ => {}
    }
    let mut args = Vec::with_capacity(call.args.len() + 1);
    for part in call.target.as_deref().into_iter().chain(&call.args) {
        args.push(copied(eval(part, scope, vars)?)?);
    }
    if call.func_name == "template" {
        effort::fits(&args)?;
        return match args.as_slice() {
            [Value::String(name), values] => scope.template(name, values).map(Cow::Owned),
            _ => Err(Failure::new("template takes a name and a map")),
        };
    }
    functions::call(&call.func_name, args).map(Cow::Owned)
}

fn comprehend<'a>(
    c: &'a ComprehensionExpr,
    scope: &'a dyn Scope,
    vars: Option<&'a Binding<'a>>,
) -> Result<Value, Failure> {
    // A list that stands elsewhere is walked where it stands.
    let range: Cow<'_, [Value]> = match eval(&c.iter_range, scope, vars)? {
        Cow::Borrowed(Value::List(items)) => Cow::Borrowed(items),
        Cow::Owned(Value::List(items)) => Cow::Owned(items),
        other => Cow::Owned(items_of(&other, scope)?),
    };
    let mut accu = eval(&c.accu_init, scope, vars)?.into_owned();
    for item in &*range {
        let element = Binding {
            name: &c.iter_var,
            value: item,
            outer: vars,
        };
        // `map` appends to a list: push instead of copying what is there.
        if let (Value::List(items), Some(added)) = (&mut accu, appended(&c.loop_step, &c.accu_var))
        {
            for expr in added {
                items.push(copied(eval(expr, scope, Some(&element))?)?);
            }
            continue;
        }
        let next = {
            let so_far = Binding {
                name: &c.accu_var,
                value: &accu,
                outer: Some(&element),
            };
            if matches!(
                &*eval(&c.loop_cond, scope, Some(&so_far))?,
                Value::Bool(false)
            ) {
                break;
            }
            eval(&c.loop_step, scope, Some(&so_far))?.into_owned()
        };
        accu = next;
    }
    let done = Binding {
        name: &c.accu_var,
        value: &accu,
        outer: vars,
    };
    eval(&c.result, scope, Some(&done)).map(Cow::into_owned)
}

/// What a macro goes through that is no list: a map's keys, and nothing where a scope takes what is not there
/// for null.
fn items_of(value: &Value, scope: &dyn Scope) -> Result<Vec<Value>, Failure> {
    if let Value::Map(map) = value {
        return Ok(map
            .iter()
            .map(|(key, _)| Value::String(key.clone()))
            .collect());
    }
    functions::known(value)?;
    let failure = Failure::new(format!("`{value}` is neither a list nor a map"));
    match value {
        Value::Null => scope.absent(failure).map(|_| Vec::new()),
        _ => Err(failure),
    }
}

fn appended<'a>(step: &'a IdedExpr, accu: &str) -> Option<&'a [IdedExpr]> {
    let Expr::Call(call) = &step.expr else {
        return None;
    };
    match (call.func_name.as_str(), call.args.as_slice()) {
        (
            op::ADD,
            [
                IdedExpr {
                    expr: Expr::Ident(name),
                    ..
                },
                IdedExpr {
                    expr: Expr::List(list),
                    ..
                },
            ],
        ) if name == accu => Some(&list.elements),
        _ => None,
    }
}

/// Words that mean something else than a name
/// (<https://github.com/cel-expr/cel-spec/blob/master/doc/langdef.md#syntax>).
pub const WORDS: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// The syntax tree of names with dots between them, such as `vpc.VpcId`: most expressions are that, and
/// the parser takes long to find out.
fn path(text: &str) -> Option<IdedExpr> {
    let is_name = |name: &&str| {
        let rest = name.trim_start_matches(|c: char| c == '_' || c.is_ascii_alphabetic());
        let fits = |c: char| c == '_' || c.is_ascii_alphanumeric();
        rest.len() < name.len() && rest.chars().all(fits) && !WORDS.contains(name)
    };
    if !text.split('.').all(|name| is_name(&name)) {
        return None;
    }
    let mut names = text.split('.').map(str::to_owned);
    let first = Expr::Ident(names.next()?);
    let expr = names.fold(first, |of, field| {
        Expr::Select(SelectExpr {
            operand: Box::new(IdedExpr { id: 0, expr: of }),
            field,
            test: false,
        })
    });
    Some(IdedExpr { id: 0, expr })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::template::closing;
    use crate::yaml::{Node, Yaml, builtin};

    /// The names of a path, from a syntax tree that is nothing else.
    fn names(expr: &Expr) -> Option<Vec<&str>> {
        match expr {
            Expr::Ident(name) => Some(vec![name]),
            Expr::Select(select) if !select.test => {
                let mut names = names(&select.operand.expr)?;
                names.push(&select.field);
                Some(names)
            }
            _ => None,
        }
    }

    #[test]
    fn a_path_is_what_the_parser_makes_of_it() {
        for text in ["a", "vpc.VpcId", "each.value.x_1", "_a.b", "int", "has"] {
            let ours = path(text).unwrap();
            let theirs = cel::Program::compile(text).unwrap();
            assert_eq!(
                names(&ours.expr),
                names(&theirs.expression().expr),
                "{text}"
            );
            assert!(names(&ours.expr).is_some(), "{text}");
        }
    }

    /// The expressions in a text: between braces, or the text itself.
    fn expressions(text: &str) -> Vec<&str> {
        let between = text.split("${").skip(1);
        let between = between.filter_map(|rest| Some(&rest[..closing(rest)?]));
        between.chain([text]).collect()
    }

    fn texts(node: &Node, found: &mut Vec<std::sync::Arc<str>>) {
        match &node.value {
            Yaml::String(text) => found.push(text.clone()),
            Yaml::List(items) => items.iter().for_each(|item| texts(item, found)),
            Yaml::Map(entries) => entries.iter().for_each(|(_, value)| texts(value, found)),
            _ => {}
        }
    }

    #[test]
    fn both_parsers_of_the_crate_read_built_in_expressions_alike() {
        let mut found = Vec::new();
        for folder in ["blueprints", "blueprints/modules", "policies"] {
            let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
            for entry in std::fs::read_dir(root.join(folder)).unwrap() {
                let name = entry.unwrap().file_name();
                if let Some(node) = builtin(&format!("{folder}/{}", name.to_string_lossy())) {
                    texts(&node, &mut found);
                }
            }
        }
        // Numbers of nodes say nothing.
        let number = regex_lite::Regex::new(r"\bid: \d+").unwrap();
        let shown = |ast: &IdedExpr| number.replace_all(&format!("{ast:?}"), "").into_owned();
        let mut read = 0;
        for text in found.iter().flat_map(|text| expressions(text)) {
            let ours = PrattParser::default().parse(text);
            let theirs = cel::Program::compile(text);
            assert_eq!(ours.is_ok(), theirs.is_ok(), "{text}");
            if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
                assert_eq!(shown(&ours), shown(theirs.expression()), "{text}");
                read += 1;
            }
        }
        assert!(read > 1_000, "{read}");
    }

    #[test]
    fn members_are_followed_through_indexes_and_macros() {
        let place = Location {
            file: "a.yaml".into(),
            line: 1,
            column: 1,
        };
        let text =
            "after.Rules.all(r, !has(r.Cidr) || r['Port'] in spec.ports) && after.A[0].B == x";
        let expression = Expression::parse(text, &place).unwrap();
        let mut found = Vec::new();
        expression.paths(&mut |root, steps| {
            found.push(
                std::iter::once(root)
                    .chain(steps.iter().copied())
                    .collect::<Vec<_>>()
                    .join("."),
            );
        });
        assert_eq!(
            found,
            [
                "after.Rules",
                "after.Rules.*.Cidr",
                "after.Rules.*.Port",
                "spec.ports",
                "after.A.*.B",
                "x"
            ]
        );
    }

    #[test]
    fn what_is_more_than_names_and_dots_is_the_parsers() {
        for text in [
            "", ".", "a.", ".a", "a..b", "a b", "1", "1a", "a.1", "true", "a.in", "null", "a-b",
            "a.b()", "a[0]", "a.b\n.c", "ä", "'a'", "a?.b",
        ] {
            assert_eq!(path(text), None, "{text}");
        }
    }
}
