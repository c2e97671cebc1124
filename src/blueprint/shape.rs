//! What expressions may see of a resource: whether it exists, its loop keys and its kind; its properties are for the cloud to
//! answer. Existence, inputs and locals are found on first use, with a mark against running in circles.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use super::compile::{Compiler, told};
use super::expression::Failure;
use super::model::Declaration;
use super::scope::Inside;
use super::template::Template;
use crate::address::{Address, GLOBAL, is_key};
use crate::kinds;
use crate::value::{Map, Reference, Value};

/// A value that is found on first use.
pub(super) struct Lazy<T> {
    busy: Cell<bool>,
    value: OnceCell<Result<T, Failure>>,
}

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Self {
            busy: Cell::new(false),
            value: OnceCell::new(),
        }
    }
}

impl<T> Lazy<T> {
    pub(super) fn get(
        &self,
        what: &str,
        find: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<&T, Failure> {
        if self.value.get().is_none() {
            if self.busy.replace(true) {
                return Err(Failure::new(format!("`{what}` depends on itself")));
            }
            let found = find();
            self.busy.set(false);
            // Only this function sets it, and the mark keeps it from running twice at once.
            let _ = self.value.set(found);
        }
        match self.value.get() {
            Some(Ok(value)) => Ok(value),
            Some(Err(failure)) => Err(failure.clone()),
            None => Err(Failure::new(format!("`{what}` has no value"))),
        }
    }
}

/// Whether a resource exists, and under which keys.
pub(super) enum Shape {
    Absent,
    One(Value),
    Many {
        handles: Value,
        items: Vec<(Arc<str>, Value)>,
    },
}

impl Compiler<'_> {
    /// Whether a declaration exists in its unit, and under which keys.
    pub(super) fn shape(&self, unit: usize, number: usize) -> Result<&Shape, Failure> {
        let declaration = &self.units[unit].module.resources[number];
        self.units[unit].shapes[number].get(&declaration.id, || self.find_shape(unit, declaration))
    }

    fn find_shape(&self, unit: usize, declaration: &Declaration) -> Result<Shape, Failure> {
        let scope = Inside {
            compiler: self,
            unit,
            each: None,
        };
        let evaluate = |template: &Template| template.evaluate(&scope).map_err(told);
        if let Some(when) = &declaration.include_when {
            match evaluate(when)? {
                Value::Bool(true) => {}
                Value::Bool(false) | Value::Null => return Ok(Shape::Absent),
                other => {
                    return Err(Failure::new(format!(
                        "includeWhen is true or false, not `{other}`"
                    )));
                }
            }
        }
        let here = &self.units[unit];
        let home = here
            .region
            .at("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let global = kinds::is_global(&declaration.kind);
        let region: Arc<str> = match (&declaration.region, global) {
            (_, true) => GLOBAL.into(),
            (None, false) => home.into(),
            (Some(template), false) => match evaluate(template)? {
                Value::String(name) => name,
                other => return Err(Failure::new(format!("`{other}` is not a region's name"))),
            },
        };
        // A global resource of a module that is used in several regions: the primary region's keeps
        // the plain address that it had when there was only one region.
        let away = (&*region != home && !here.primary).then_some(home);
        let handle = |key: Option<&str>| {
            let key = match (away, key) {
                (None, key) => key.map(Arc::from),
                (Some(away), None) => Some(Arc::from(away)),
                (Some(away), Some(key)) => Some(Arc::from(format!("{away}/{key}"))),
            };
            Value::Reference(Arc::new(Reference {
                address: Address::new(region.clone(), declaration.id.clone(), key),
                path: "".into(),
            }))
        };
        let Some(for_each) = &declaration.for_each else {
            return Ok(Shape::One(handle(None)));
        };
        let items: Vec<(Arc<str>, Value)> = match evaluate(for_each)? {
            Value::Map(map) => map.into_iter().collect(),
            Value::List(list) => list
                .into_iter()
                .map(|item| match &item {
                    Value::String(key) => Ok((key.clone(), item)),
                    Value::Int(key) => Ok((Arc::from(key.to_string()), item)),
                    other => Err(Failure::new(format!(
                        "an item of forEach is a text or number, not `{other}`"
                    ))),
                })
                .collect::<Result<_, _>>()?,
            other => {
                super::functions::known(&other)?;
                return Err(Failure::new(format!(
                    "forEach takes a list or map, not `{other}`"
                )));
            }
        };
        let mut handles = Vec::with_capacity(items.len());
        for (key, _) in &items {
            if !is_key(key) {
                return Err(Failure {
                    message: format!("{key:?} cannot be a key of forEach"),
                    help: Some("use letters, digits and - _ . : / only".to_owned()),
                });
            }
            handles.push((key.clone(), handle(Some(key))));
        }
        let count = handles.len();
        let handles: Map = handles.into_iter().collect();
        if handles.len() != count {
            return Err(Failure::new("two items of forEach have the same key"));
        }
        Ok(Shape::Many {
            handles: Value::Map(handles),
            items,
        })
    }

    /// A resource as expressions see it: a handle, a map of handles, null when it is left out.
    pub(super) fn lookup(&self, from: usize, id: &str) -> Result<Option<Cow<'_, Value>>, Failure> {
        let Some(places) = self.places.get(id) else {
            // Declared, but its module is left out as a whole.
            return Ok(self.owners.get(id).map(|_| Cow::Owned(Value::Null)));
        };
        let home = self.units[from].region;
        let place = places
            .iter()
            .find(|(unit, _)| *unit == from)
            .or_else(|| {
                places
                    .iter()
                    .find(|(unit, _)| self.units[*unit].region == home)
            })
            .or_else(|| places.iter().find(|(unit, _)| self.units[*unit].primary))
            .or_else(|| places.first());
        match place {
            None => Ok(None),
            Some((unit, number)) => self.seen(*unit, *number).map(Some),
        }
    }

    pub(super) fn seen(&self, unit: usize, number: usize) -> Result<Cow<'_, Value>, Failure> {
        Ok(match self.shape(unit, number)? {
            Shape::Absent => Cow::Owned(Value::Null),
            Shape::One(handle) => Cow::Borrowed(handle),
            Shape::Many { handles, .. } => Cow::Borrowed(handles),
        })
    }

    pub(super) fn input(&self, unit: usize, number: usize) -> Result<&Value, Failure> {
        let here = &self.units[unit];
        let (name, default) = &here.module.inputs[number];
        here.inputs[number].get(name, || {
            let scope = Inside {
                compiler: self,
                unit,
                each: None,
            };
            let given = here.compose.with.iter().find(|(have, _, _)| have == name);
            match (given, default) {
                (Some((_, _, template)), _) | (None, Some(template)) => {
                    template.evaluate(&scope).map_err(told)
                }
                (None, None) => Err(Failure {
                    message: format!("the module {} needs the input {name}", here.module.name),
                    help: Some(format!(
                        "give it at {}: `with: {{{name}: ...}}`",
                        here.compose.location
                    )),
                }),
            }
        })
    }

    pub(super) fn local(&self, unit: usize, number: usize) -> Result<&Value, Failure> {
        let here = &self.units[unit];
        let (name, template) = &here.module.locals[number];
        here.locals[number].get(name, || {
            let scope = Inside {
                compiler: self,
                unit,
                each: None,
            };
            template.evaluate(&scope).map_err(told)
        })
    }
}
