//! What an expression names: variables, their members, functions. Nothing is evaluated.

use cel::common::ast::{EntryExpr, Expr, LiteralValue, operators as op};

/// A variable and the members on the way from it.
type Trail<'a> = (&'a str, Vec<&'a str>);

/// Where an expression leads, if it is nothing but a way from a variable to one of its members.
fn trail<'a>(expr: &'a Expr, bound: &[(&'a str, Option<Trail<'a>>)]) -> Option<Trail<'a>> {
    let (of, step) = match expr {
        Expr::Ident(name) => {
            let known = bound.iter().rev().find(|(have, _)| have == name);
            return match known {
                Some((_, trail)) => trail.clone(),
                None => Some((name, Vec::new())),
            };
        }
        Expr::Select(select) => (&*select.operand, &*select.field),
        Expr::Call(call) if call.func_name == op::INDEX => match call.args.as_slice() {
            [of, index] => match &index.expr {
                Expr::Literal(LiteralValue::String(key)) => (of, key.inner()),
                _ => (of, "*"),
            },
            _ => return None,
        },
        _ => return None,
    };
    let (root, mut steps) = trail(&of.expr, bound)?;
    steps.push(step);
    Some((root, steps))
}

/// Calls `visit` with every free variable and the members that are read of it.
pub(super) fn paths<'a>(
    expr: &'a Expr,
    bound: &mut Vec<(&'a str, Option<Trail<'a>>)>,
    visit: &mut dyn FnMut(&'a str, &[&'a str]),
) {
    if let Some((root, steps)) = trail(expr, bound) {
        visit(root, &steps);
        return;
    }
    match expr {
        Expr::Select(select) => paths(&select.operand.expr, bound, visit),
        Expr::Call(call) => {
            for part in call.target.as_deref().into_iter().chain(&call.args) {
                paths(&part.expr, bound, visit);
            }
        }
        Expr::List(list) => list
            .elements
            .iter()
            .for_each(|e| paths(&e.expr, bound, visit)),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    paths(&entry.key.expr, bound, visit);
                    paths(&entry.value.expr, bound, visit);
                }
            }
        }
        Expr::Comprehension(c) => {
            paths(&c.iter_range.expr, bound, visit);
            let item = trail(&c.iter_range.expr, bound).map(|(root, mut steps)| {
                steps.push("*");
                (root, steps)
            });
            let depth = bound.len();
            bound.push((&c.iter_var, item));
            bound.push((&c.accu_var, None));
            bound.extend(c.iter_var2.as_deref().map(|name| (name, None)));
            for part in [&c.accu_init, &c.loop_cond, &c.loop_step, &c.result] {
                paths(&part.expr, bound, visit);
            }
            bound.truncate(depth);
        }
        _ => {}
    }
}

/// Calls `visit` with every free variable, and the member that is read of it.
pub(super) fn free<'a>(
    expr: &'a Expr,
    bound: &mut Vec<&'a str>,
    visit: &mut dyn FnMut(&'a str, Option<&'a str>),
) {
    match expr {
        Expr::Ident(name) if !bound.contains(&name.as_str()) => visit(name, None),
        Expr::Select(select) => {
            match &select.operand.expr {
                Expr::Ident(name) if !bound.contains(&name.as_str()) => {
                    return visit(name, Some(&select.field));
                }
                Expr::Call(call) if call.func_name == op::INDEX => {
                    if let Some(Expr::Ident(name)) = call.args.first().map(|a| &a.expr)
                        && name == "regions"
                    {
                        visit("regions", Some(&select.field));
                    }
                }
                _ => {}
            }
            free(&select.operand.expr, bound, visit);
        }
        Expr::Call(call) => {
            for part in call.target.as_deref().into_iter().chain(&call.args) {
                free(&part.expr, bound, visit);
            }
        }
        Expr::List(list) => list
            .elements
            .iter()
            .for_each(|e| free(&e.expr, bound, visit)),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    free(&entry.key.expr, bound, visit);
                    free(&entry.value.expr, bound, visit);
                }
            }
        }
        Expr::Comprehension(c) => {
            free(&c.iter_range.expr, bound, visit);
            let depth = bound.len();
            bound.extend([c.iter_var.as_str(), c.accu_var.as_str()]);
            bound.extend(c.iter_var2.as_deref());
            for part in [&c.accu_init, &c.loop_cond, &c.loop_step, &c.result] {
                free(&part.expr, bound, visit);
            }
            bound.truncate(depth);
        }
        _ => {}
    }
}

/// Calls `visit` with the name of every function and operator that is called.
pub(super) fn calls<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a str)) {
    match expr {
        Expr::Select(select) => calls(&select.operand.expr, visit),
        Expr::Call(call) => {
            visit(&call.func_name);
            for part in call.target.as_deref().into_iter().chain(&call.args) {
                calls(&part.expr, visit);
            }
        }
        Expr::List(list) => list.elements.iter().for_each(|e| calls(&e.expr, visit)),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    calls(&entry.key.expr, visit);
                    calls(&entry.value.expr, visit);
                }
            }
        }
        Expr::Comprehension(c) => {
            for part in [
                &c.iter_range,
                &c.accu_init,
                &c.loop_cond,
                &c.loop_step,
                &c.result,
            ] {
                calls(&part.expr, visit);
            }
        }
        _ => {}
    }
}
