//! `scalectl env promote`: what was tried in one environment goes into another's part of the spec; `deploy` brings it there.

use std::process::ExitCode;

use clap::Args;

use super::super::project::{find, write};
use super::super::{Failure, Global, Outcome, ui};
use super::File;
use crate::render::style::{CHANGED, Painted};
use crate::spec::{self, BASE, Spec};

#[derive(Args)]
pub struct Arguments {
    /// The environment whose images are taken; `default` is the spec without -e.
    from: String,
    /// The environment that gets them.
    to: String,
    /// Only these services.
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
    /// Show what would be written, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let file = File::read(global)?;
    let (from, to) = (arguments.from.as_str(), arguments.to.as_str());
    let (source, target) = (file.spec(from)?, file.spec(to)?);
    let wanted = changes(&source, &target, arguments)?;
    if wanted.is_empty() {
        ui::print(&format!("{to} has the images of {from} already.\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = file.text.clone();
    for (service, before, image) in &wanted {
        text =
            edited(&text, to, service, image).ok_or_else(|| by_hand(&file, to, service, image))?;
        ui::print(&format!(
            "{} {service}: {before} -> {image}\n",
            Painted(CHANGED, "~")
        ));
    }
    // It has to be what was meant: the wanted images, and nothing else anywhere.
    for name in &file.names {
        let (before, after) = (file.spec(name)?, file.spec_of(&text, name)?);
        let changed = spec::differences(&before, &after);
        if name == to {
            let is_meant = changed.len() == wanted.len()
                && changed.iter().all(|one| one.path.ends_with(".image"));
            if !is_meant {
                return Err(Failure::new(format!(
                    "{} cannot be changed that way; nothing was written",
                    file.shown
                )));
            }
        } else if !changed.is_empty() {
            ui::note(&format!(
                "{name} has no image of its own there and gets the same\n"
            ));
        }
    }
    if arguments.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    write(&find(global)?, &text)?;
    let option = if to == BASE {
        String::new()
    } else {
        format!("-e {to} ")
    };
    ui::print(&format!(
        "\nNext:\n  scalectl {option}deploy    bring them to the servers\n"
    ));
    Ok(ExitCode::SUCCESS)
}

/// The services whose images differ: the name, the image before and the image then.
fn changes<'a>(
    source: &'a Spec,
    target: &'a Spec,
    arguments: &Arguments,
) -> Result<Vec<(&'a str, &'a str, &'a str)>, Failure> {
    for name in &arguments.services {
        for (env, spec) in [(&arguments.from, source), (&arguments.to, target)] {
            if !spec.services.contains_key(name) {
                return Err(Failure::with_help(
                    format!("{env} has no service {name}"),
                    format!(
                        "it has {}",
                        spec.services.keys().cloned().collect::<Vec<_>>().join(", ")
                    ),
                ));
            }
        }
    }
    let is_asked =
        |name: &String| arguments.services.is_empty() || arguments.services.contains(name);
    let both = target.services.iter().filter(|(name, _)| is_asked(name));
    let found = both.filter_map(|(name, have)| {
        let image = source.services.get(name)?.image.as_deref()?;
        let before = have.image.as_deref()?;
        (before != image).then_some((name.as_str(), before, image))
    });
    Ok(found.collect())
}

fn edited(text: &str, to: &str, service: &str, image: &str) -> Option<String> {
    let env = (to != BASE).then_some(to);
    spec::with_image(text, env, service, image)
        .or_else(|| env.and_then(|env| spec::with_own_image(text, env, service, image)))
}

fn by_hand(file: &File, to: &str, service: &str, image: &str) -> Failure {
    let section = if to == BASE {
        format!("services.{service}")
    } else {
        format!("environments.{to}.services.{service}")
    };
    Failure::with_help(
        format!(
            "{} has no place for an image of {service} in {to}; nothing was written",
            file.shown
        ),
        format!("write `image: {image}` under `{section}`"),
    )
}
