//! What expressions see: the spec alone, everything inside a module, or a resource itself.

use std::borrow::Cow;
use std::sync::Arc;

use super::compile::Compiler;
use super::expression::{Failure, Scope};
use crate::address::{ACCOUNT, ACCOUNT_NUMBER, Address, of_account};
use crate::schema::{Registry, nearest};
use crate::value::{Reference, Value};

/// Only the spec, for what decides which modules there are.
pub struct Plain<'a>(pub &'a Value);

impl Scope for Plain<'_> {
    fn variable(&self, name: &str) -> Result<Option<Cow<'_, Value>>, Failure> {
        Ok((name == "spec").then_some(Cow::Borrowed(self.0)))
    }
    fn select(&self, of: &Reference, _: &str) -> Result<Value, Failure> {
        Err(Failure::new(format!("{of} cannot be used here")))
    }
    fn template(&self, name: &str, _: &Value) -> Result<Value, Failure> {
        Err(Failure::new(format!(
            "the template {name} cannot be used here"
        )))
    }
}

/// What an expression inside a module sees.
pub struct Inside<'c, 'a> {
    /// What is being compiled.
    pub compiler: &'c Compiler<'a>,
    /// The module and region, by number.
    pub unit: usize,
    /// The item of the loop.
    pub each: Option<&'c Value>,
}

/// The ids under which `inputs`, `locals` and `regions` pass through [`Scope::select`]; no resource
/// can have them, because they are no ids.
const INPUTS: &str = "@inputs";
const LOCALS: &str = "@locals";
const REGIONS: &str = "@regions";

impl Inside<'_, '_> {
    fn pseudo(id: &str, region: &str) -> Value {
        Value::Reference(Arc::new(Reference {
            address: Address::new(region, id, None),
            path: "".into(),
        }))
    }
}

impl Scope for Inside<'_, '_> {
    fn variable(&self, name: &str) -> Result<Option<Cow<'_, Value>>, Failure> {
        let compiler = self.compiler;
        Ok(Some(match name {
            "spec" => Cow::Borrowed(compiler.spec),
            ACCOUNT => Cow::Owned(Value::Reference(Arc::new(Reference {
                address: of_account(),
                path: ACCOUNT_NUMBER.into(),
            }))),
            "region" => Cow::Borrowed(compiler.units[self.unit].region),
            "each" => match self.each {
                Some(each) => Cow::Borrowed(each),
                None => {
                    return Err(Failure {
                        message: "there is no `each` here".to_owned(),
                        help: Some("`each` is the item of a resource's forEach".to_owned()),
                    });
                }
            },
            "inputs" => Cow::Owned(Self::pseudo(INPUTS, "")),
            "locals" => Cow::Owned(Self::pseudo(LOCALS, "")),
            "regions" => Cow::Owned(Self::pseudo(REGIONS, "")),
            id => match compiler.lookup(self.unit, id)? {
                Some(value) => value,
                None if compiler.is_elsewhere(self.unit, id) => Cow::Owned(Value::Null),
                None => return Err(compiler.no_variable(id)),
            },
        }))
    }

    fn absent(&self, failure: Failure) -> Result<Value, Failure> {
        let stage = self.compiler.spec.at("stage").and_then(Value::as_str);
        Err(match (self.compiler.units[self.unit].own, &failure.help) {
            (true, None) => Failure {
                help: Some(format!(
                    "resources exist at every stage, and what they refer to does not exist at stage {} with this spec; test \
                     it first: `name == null ? \"\" : name.Property`",
                    stage.unwrap_or_default()
                )),
                ..failure
            },
            _ => failure,
        })
    }

    fn select(&self, of: &Reference, name: &str) -> Result<Value, Failure> {
        let compiler = self.compiler;
        let module = compiler.units[self.unit].module;
        let absent = |what: &str, names: &mut dyn Iterator<Item = &str>| Failure {
            message: format!("there is no {what} `{name}`"),
            help: nearest(name, names).map(|near| format!("did you mean `{near}`?")),
        };
        match &*of.address.id {
            INPUTS => match module.inputs.iter().position(|(have, _)| &**have == name) {
                Some(number) => compiler.input(self.unit, number).cloned(),
                None => Err(absent(
                    "input",
                    &mut module.inputs.iter().map(|(name, _)| &**name),
                )),
            },
            LOCALS => match module.locals.iter().position(|(have, _)| &**have == name) {
                Some(number) => compiler.local(self.unit, number).cloned(),
                None => Err(absent(
                    "local",
                    &mut module.locals.iter().map(|(name, _)| &**name),
                )),
            },
            REGIONS if of.address.region.is_empty() => {
                let names = compiler
                    .regions
                    .iter()
                    .filter_map(|r| r.at("name")?.as_str());
                match names.clone().find(|have| *have == name) {
                    Some(name) => Ok(Self::pseudo(REGIONS, name)),
                    None => Err(absent("region", &mut names.clone())),
                }
            }
            REGIONS => {
                let places = compiler.places.get(name);
                let place = places.into_iter().flatten().find(|(unit, _)| {
                    compiler.units[*unit]
                        .region
                        .at("name")
                        .and_then(Value::as_str)
                        == Some(&of.address.region)
                });
                match place {
                    Some((unit, number)) => compiler.seen(*unit, *number).map(Cow::into_owned),
                    None if compiler.owners.contains_key(name) => Ok(Value::Null),
                    None => Err(compiler.no_variable(name)),
                }
            }
            ACCOUNT => Err(Failure {
                message: format!("the account has no {name}"),
                help: Some("`account` is its number".to_owned()),
            }),
            id => {
                let path: Arc<str> = match &*of.path {
                    "" => name.into(),
                    head => format!("{head}.{name}").into(),
                };
                let kind = compiler
                    .owners
                    .get(id)
                    .map(|declaration| &*declaration.kind);
                let schema = kind.and_then(|kind| Registry::embedded().kind(kind));
                if let Some(schema) = schema
                    && schema.shape_at(&path).is_none()
                {
                    let names = schema.properties().keys().map(|name| &**name);
                    return Err(Failure {
                        message: format!("{} has no {path}", schema.kind),
                        help: nearest(&path, names).map(|near| format!("did you mean `{near}`?")),
                    });
                }
                Ok(Value::Reference(Arc::new(Reference {
                    address: of.address.clone(),
                    path,
                })))
            }
        }
    }

    fn template(&self, name: &str, args: &Value) -> Result<Value, Failure> {
        self.compiler.library.render(name, args)
    }
}

/// The scope of an expression about what is live: one variable, such as `self` in `readyWhen`.
pub struct Only(pub &'static str, pub Value);

impl Scope for Only {
    fn variable(&self, name: &str) -> Result<Option<Cow<'_, Value>>, Failure> {
        Ok((name == self.0).then_some(Cow::Borrowed(&self.1)))
    }
    fn select(&self, of: &Reference, _: &str) -> Result<Value, Failure> {
        Err(Failure::new(format!("{of} is another resource")))
    }
    fn template(&self, _: &str, _: &Value) -> Result<Value, Failure> {
        Err(Failure::new("templates cannot be used here"))
    }
}
