//! Whether a failover can begin or continue, and at which step.

use super::{database_of, writer_of};
use crate::inventory::{Failover, Live, Standing};
use crate::migrate::Migration;
use crate::plan::diff;
use crate::spec::{self, Spec, Stage};

/// The steps that can be begun anew without the old region: afterwards only it is missing.
const SWITCHES: [&str; 4] = ["fence", "catch-up", "promote", "switch"];

/// Why a failover cannot begin or continue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// What is wrong.
    pub what: String,
    /// What fixes it.
    pub help: String,
}

impl Unfit {
    fn new(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            help: help.into(),
        }
    }
}

/// What a user asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The region that is to take the writes.
    pub to: Option<&'a str>,
    /// How many seconds of acknowledged writes may be lost.
    pub loss: Option<u32>,
    /// Whether the failover that is under way continues.
    pub resume: bool,
    /// Whether it is taken back.
    pub rollback: bool,
}

/// What follows from a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This failover.
    Move {
        /// Which.
        failover: Failover,
        /// Whether one that is under way begins again from outside, because the region that was to be fenced has gone
        /// away since.
        anew: bool,
    },
    /// None: this region's database takes the writes already.
    Already(String),
}

/// Checks that an application has something to fail over, and that `to` is one of its regions.
///
/// # Errors
/// Why it has not.
pub fn fits(spec: &Spec, to: Option<&str>) -> Result<(), Unfit> {
    if spec.stage != Stage::MultiRegion {
        return Err(Unfit::new(
            format!("stage {} has only one region", spec.stage.name()),
            "`scalectl migrate --to multi-region` adds regions",
        ));
    }
    if spec.database.is_none() {
        return Err(Unfit::new(
            format!("{} has no database to fail over", spec.app),
            "health checks already route requests to a healthy region",
        ));
    }
    let names: Vec<&str> = spec.regions.iter().map(spec::Region::name).collect();
    if names.len() > 2 {
        return Err(Unfit::new(
            format!(
                "{} is in {} regions, and only the first is peered with all others: after a failover, the other regions could not reach the database",
                spec.app,
                names.len()
            ),
            "failover supports two regions",
        ));
    }
    match to {
        Some(to) if !names.contains(&to) => Err(Unfit::new(
            format!("{to} is not a region of the spec"),
            format!("they are {}", names.join(" and ")),
        )),
        _ => Ok(()),
    }
}

/// Which failover a request means, of what is live and the region that does not answer.
///
/// # Errors
/// Why none can begin.
pub fn chosen(
    app: &str,
    live: &Live,
    down: Option<&str>,
    request: &Request<'_>,
) -> Result<Choice, Unfit> {
    let record = live.record.as_ref();
    let standing = record.and_then(|record| record.migration.as_ref());
    if let Some(at) = standing
        && let Some(failover) = at.failover.clone()
    {
        let gone = down == Some(&*failover.from) && !failover.lost;
        return Ok(match request.loss {
            Some(loss) if gone && SWITCHES.contains(&&*at.name) => Choice::Move {
                failover: Failover {
                    loss,
                    lost: true,
                    ..failover
                },
                anew: true,
            },
            _ => Choice::Move {
                failover,
                anew: false,
            },
        });
    }
    let stage = record.and_then(|record| record.stage.as_deref());
    if stage != Some(Stage::MultiRegion.name()) && down.is_none() {
        return Err(Unfit::new(
            format!("{app} is not deployed at stage multi-region"),
            "deploy it with `scalectl apply` or `scalectl migrate`",
        ));
    }
    let to = request.to.ok_or_else(none_under_way)?;
    let from = match down {
        Some(down) => down.into(),
        None => writer_of(live).ok_or_else(|| {
            Unfit::new(
                "the servers' settings point to no database that takes writes, or to several",
                "`scalectl status` shows what is deployed",
            )
        })?,
    };
    if *from == *to {
        return match down {
            Some(down) => Err(Unfit::new(
                format!("{down} does not respond"),
                "fail over to the region that does: `scalectl failover --to REGION`",
            )),
            None => Ok(Choice::Already(to.to_owned())),
        };
    }
    let failover = Failover {
        from,
        to: to.into(),
        loss: request.loss.unwrap_or(0),
        lost: down.is_some(),
    };
    Ok(Choice::Move {
        failover,
        anew: false,
    })
}

fn none_under_way() -> Unfit {
    Unfit::new(
        "no failover is in progress",
        "start one with `scalectl failover --to REGION`",
    )
}

/// Checks that a request fits the failover that is under way, and that this is still the same. `anew` is whether it
/// begins again.
///
/// # Errors
/// What does not fit.
pub fn check_course(
    migration: &Migration,
    standing: Option<&Standing>,
    anew: bool,
    request: &Request<'_>,
) -> Result<(), Unfit> {
    let Some(standing) = standing else {
        return if (request.resume || request.rollback) && !anew {
            Err(none_under_way())
        } else {
            Ok(())
        };
    };
    let begun = standing.step + usize::from(standing.done && !standing.back);
    let promoted = !migration.has_way_back(standing.step);
    match (request.resume, request.rollback) {
        (true, _) if standing.back => {
            return Err(Unfit::new(
                format!("the failover is being rolled back, at step {begun}"),
                "continue with `scalectl failover --rollback`",
            ));
        }
        (_, true) if promoted => {
            return Err(Unfit::new(
                "the replica is already promoted, so the failover cannot be rolled back",
                "finish with `scalectl failover --resume`; afterwards fail back with `--to` the old region",
            ));
        }
        (true, _) | (_, true) => {}
        (false, false) => {
            return Err(Unfit::new(
                standing.in_words(),
                "resume with `--resume`, or, before the replica is promoted, roll back with `--rollback`",
            ));
        }
    }
    if migration.is_of(standing) {
        return Ok(());
    }
    Err(Unfit::new(
        format!(
            "the spec or the blueprints were edited since this failover started, and its steps differ now; it is at step {} ({}); nothing was changed",
            standing.step + 1,
            standing.name
        ),
        "undo the edits, finish the failover, and edit them then",
    ))
}

/// Checks that the application is as the spec has it before a failover begins: it makes no other change.
///
/// # Errors
/// What differs.
pub fn check_start(migration: &Migration, live: &Live) -> Result<(), Unfit> {
    let Some(failover) = &migration.failover else {
        return Ok(());
    };
    let start = &migration.start;
    if failover.lost {
        // What there is in the region that answers is enough, if its replica is there.
        let replica = database_of(start, &failover.to);
        let there = replica.is_some_and(|one| live.resources.contains_key(&one.address));
        return if there {
            Ok(())
        } else {
            Err(Unfit::new(
                format!("{} has no replica; nothing was changed", failover.to),
                "failover needs a replica; without one, restore a backup",
            ))
        };
    }
    let plan = diff(start, live, None);
    let Some(first) = plan.changes.first() else {
        return Ok(());
    };
    let counts = plan.counts();
    Err(Unfit::new(
        format!(
            "the application differs from the spec: {} to create, {} to change, {} to replace, {} to delete, such as {}; nothing was changed",
            counts.create, counts.update, counts.replace, counts.delete, first.address
        ),
        "first run `scalectl apply`, then fail over",
    ))
}

/// The numbers of the steps that are left, in the order in which they are taken.
pub fn numbers(migration: &Migration, standing: Option<&Standing>, rollback: bool) -> Vec<usize> {
    match (standing, rollback) {
        (Some(at), true) => (0..=at.step).rev().collect(),
        (Some(at), false) => (at.step + usize::from(at.done)..migration.steps.len()).collect(),
        (None, _) => (0..migration.steps.len()).collect(),
    }
}

/// Checks that the very next step needs no region that does not answer.
///
/// # Errors
/// That it does.
pub fn check_next(
    migration: &Migration,
    numbers: &[usize],
    down: Option<&str>,
) -> Result<(), Unfit> {
    let next = numbers
        .first()
        .and_then(|number| migration.steps.get(*number));
    match (next, down) {
        (Some(step), Some(down)) if step.without.as_deref() != Some(down) => Err(Unfit::new(
            format!(
                "{down} does not respond, and step {} needs it; nothing was changed",
                step.name
            ),
            "try again when it does: `scalectl failover --resume`",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Graph;
    use crate::inventory::Record;
    use crate::migrate::{Budget, Phase, Step};

    fn failover(lost: bool) -> Failover {
        Failover {
            from: "us-east-1".into(),
            to: "eu-west-1".into(),
            loss: 0,
            lost,
        }
    }

    fn standing(step: usize, name: &str, back: bool) -> Standing {
        Standing {
            from: "us-east-1".into(),
            to: "eu-west-1".into(),
            step,
            name: name.into(),
            digest: "0".into(),
            done: false,
            back,
            since: 0,
            failover: Some(failover(false)),
        }
    }

    fn migration() -> Migration {
        let step = |name: &str| Step {
            name: name.into(),
            hop: (Stage::MultiRegion, Stage::MultiRegion),
            phase: Phase::Switch,
            does: "".into(),
            graph: Graph::default(),
            run: Vec::new(),
            gates: Vec::new(),
            budget: Budget::default(),
            seconds: 0,
            point_of_no_return: name == "promote",
            without: None,
        };
        Migration {
            from: Stage::MultiRegion,
            to: Stage::MultiRegion,
            start: Graph::default(),
            steps: ["fence", "catch-up", "promote", "switch"].map(step).into(),
            failover: Some(failover(false)),
            digest: "0".into(),
            requests: Vec::new(),
        }
    }

    fn live(at: Option<Standing>) -> Live {
        let record = Record {
            stage: Some("multi-region".into()),
            migration: at,
            ..Record::default()
        };
        Live {
            record: Some(record),
            ..Live::default()
        }
    }

    #[test]
    fn a_lost_region_begins_the_failover_anew_only_where_a_loss_is_accepted() {
        let with = |loss, at| {
            let request = Request {
                loss,
                ..Request::default()
            };
            match chosen("shop", &live(Some(at)), Some("us-east-1"), &request).unwrap() {
                Choice::Move { failover, anew } => (failover.lost, failover.loss, anew),
                Choice::Already(_) => panic!("it moves"),
            }
        };
        let catch_up = || standing(1, "catch-up", false);
        assert_eq!(with(Some(60), catch_up()), (true, 60, true));
        assert_eq!(with(None, catch_up()), (false, 0, false));
        let rebuild = standing(5, "rebuild", false);
        assert_eq!(with(Some(60), rebuild), (false, 0, false));
    }

    #[test]
    fn a_failover_from_a_lost_region_begins_at_it() {
        let request = |to| Request {
            to: Some(to),
            loss: Some(9),
            ..Request::default()
        };
        let chosen = |to| chosen("shop", &live(None), Some("us-east-1"), &request(to));
        let begins = Choice::Move {
            failover: Failover {
                loss: 9,
                ..failover(true)
            },
            anew: false,
        };
        assert_eq!(chosen("eu-west-1").unwrap(), begins);
        let why = chosen("us-east-1").unwrap_err().what;
        assert_eq!(why, "us-east-1 does not respond");
    }

    #[test]
    fn a_request_has_to_fit_what_is_under_way() {
        let check = |at: Option<Standing>, resume, rollback| {
            let request = Request {
                resume,
                rollback,
                ..Request::default()
            };
            let checked = check_course(&migration(), at.as_ref(), false, &request);
            checked.map_err(|unfit| unfit.what)
        };
        let at = |step| Some(standing(step, "x", false));
        assert_eq!(check(None, false, false), Ok(()));
        assert!(check(None, true, false).is_err());
        assert_eq!(check(at(1), true, false), Ok(()));
        assert_eq!(check(at(1), false, true), Ok(()));
        assert!(check(at(1), false, false).is_err());
        assert!(check(at(2), false, true).is_err(), "it was promoted");
        assert!(check(Some(standing(1, "x", true)), true, false).is_err());
        let other = Standing {
            digest: "1".into(),
            ..standing(1, "x", false)
        };
        assert!(check(Some(other), true, false).is_err(), "another spec");
    }

    #[test]
    fn a_failover_continues_where_it_stands() {
        let migration = migration();
        let at = standing(1, "catch-up", false);
        let done = Standing {
            done: true,
            ..at.clone()
        };
        assert_eq!(numbers(&migration, None, false), [0, 1, 2, 3]);
        assert_eq!(numbers(&migration, Some(&at), false), [1, 2, 3]);
        assert_eq!(numbers(&migration, Some(&done), false), [2, 3]);
        assert_eq!(numbers(&migration, Some(&at), true), [1, 0]);
    }

    #[test]
    fn a_step_that_needs_a_lost_region_waits_for_it() {
        let migration = migration();
        assert!(check_next(&migration, &[1], Some("us-east-1")).is_err());
        assert_eq!(check_next(&migration, &[1], None), Ok(()));
        assert_eq!(check_next(&migration, &[], Some("us-east-1")), Ok(()));
    }
}
