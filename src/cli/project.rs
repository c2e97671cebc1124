//! The spec on disk: found, loaded, and its blueprints beside it.

use std::cell::OnceCell;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Failure, Global, ProviderName, confined, folder, ui};
use crate::blueprint::library::{BLUEPRINTS, TEMPLATES};
use crate::blueprint::{Library, check_condition, compile};
use crate::diagnostic::{Diagnostic, Severity};
use crate::graph::Graph;
use crate::inventory::Owner;
use crate::plain_file;
use crate::plan::Plan;
use crate::policy::pack::POLICIES;
use crate::policy::{self, Policies, Report};
use crate::render::diagnostics;
use crate::render::style::{NOTICE, Painted};
use crate::spec::{self, Provider, Region, Spec, Stage};
use crate::words::duration;
use crate::yaml::quote;

/// The name of a spec, unless the user says otherwise.
pub const SPEC: &str = "scalectl.yaml";

/// A spec and what belongs to it.
pub struct Project {
    /// The folder of the spec; local files live in `.scalectl/` there.
    pub folder: PathBuf,
    /// The spec, with the command line's overrides.
    pub spec: Spec,
    /// The blueprints.
    pub library: Library,
    policies: OnceCell<Policies>,
    /// How long to wait for another run to finish.
    pub patience: Duration,
    /// Whether the spec and the blueprints are free of mistakes; what should exist is not known otherwise.
    pub is_sound: bool,
}

impl Project {
    /// Finds and loads the spec, and the blueprints beside it.
    pub fn load(global: &Global, stage: Option<Stage>) -> Result<Self, Failure> {
        let (path, spec) = load_spec(global, stage)?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let library = library(&folder)?;
        Ok(Self::of(global, folder, spec, library))
    }

    fn of(global: &Global, folder: PathBuf, spec: Spec, library: Library) -> Self {
        Self {
            folder,
            spec,
            library,
            policies: OnceCell::new(),
            patience: Duration::from_secs(u64::from(global.lock_timeout)),
            is_sound: true,
        }
    }

    /// The same for a command that reads or removes what exists. A release with stricter rules must not lock anybody out
    /// of what an earlier one applied, so mistakes in the spec and the blueprints are warnings here.
    pub fn load_as_applied(global: &Global) -> Result<Self, Failure> {
        let sources = SpecFile::read(global)?;
        let (spec, mut mistakes) = sources.as_applied(global, None)?;
        let folder = sources.path.parent().map(Path::to_owned);
        let folder = folder.unwrap_or_default();
        let library = match library(&folder) {
            Ok(library) => library,
            Err(Failure::Diagnostics(found)) => {
                mistakes.extend(found);
                Library::embedded().map_err(Failure::Diagnostics)?
            }
            // A file that cannot be read, such as a link to nothing.
            Err(Failure::Message { what, help, .. }) => {
                mistakes.push(Diagnostic {
                    severity: Severity::Error,
                    message: what,
                    location: None,
                    line: None,
                    help,
                });
                Library::embedded().map_err(Failure::Diagnostics)?
            }
            Err(other) => return Err(other),
        };
        let mut project = Self::of(global, folder, spec, library);
        if !mistakes.is_empty() {
            project.is_sound = false;
            warn(
                &mistakes,
                "`plan` and `apply` reject these; this command does not depend on them",
            );
        }
        Ok(project)
    }

    /// The same for `destroy`, whose environment need not be in the spec any more: its resources
    /// are found by their marks.
    pub fn load_for_destroy(global: &Global) -> Result<Self, Failure> {
        let Some(env) = &global.env else {
            return Self::load_as_applied(global);
        };
        let without = Global {
            env: None,
            ..global.clone()
        };
        match Self::load_as_applied(global) {
            Err(Failure::Diagnostics(found)) => {
                let mut project = Self::load_as_applied(&without)?;
                if project.spec.environments.contains_key(env) {
                    return Err(Failure::Diagnostics(found));
                }
                project.spec.env.clone_from(env);
                Ok(project)
            }
            other => other,
        }
    }

    /// The resources that should exist.
    pub fn graph(&self) -> Result<Graph, Failure> {
        self.compile(&self.spec)
    }

    /// The same where it can be known: mistakes in the spec leave open what should exist.
    pub fn graph_if_sound(&self) -> Result<Option<Graph>, Failure> {
        if self.is_sound {
            self.graph().map(Some)
        } else {
            Ok(None)
        }
    }

    /// The resources that another spec, such as this one at another stage, should have.
    pub fn compile(&self, spec: &Spec) -> Result<Graph, Failure> {
        Ok(compile(&self.library, spec)?)
    }

    /// The policies: the built-in ones, with those in the folder beside the spec in front. Read when they are
    /// first asked for, because most commands ask none.
    pub fn policies(&self) -> Result<&Policies, Failure> {
        if self.policies.get().is_none() {
            // Nobody else sets it between the look and here.
            let _ = self.policies.set(policies(&self.folder)?);
        }
        self.policies
            .get()
            .ok_or_else(|| Failure::new("the policies are not there"))
    }

    /// What the policies say today of these resources and the changes on the way to them.
    pub fn judge(&self, spec: &Spec, graph: &Graph, plan: &Plan) -> Result<Report, Failure> {
        let case = policy::Case {
            spec: &spec.normalized(),
            graph,
            plan,
            today: today(),
        };
        Ok(policy::check(self.policies()?, &case))
    }

    /// A region of the spec's: the one that is asked for, or the first.
    pub fn region<'a>(&'a self, asked: Option<&'a str>) -> Result<&'a str, Failure> {
        let mut regions = self.spec.regions.iter().map(Region::name);
        let region = asked.or(regions.clone().next()).unwrap_or_default();
        if regions.any(|one| one == region) {
            return Ok(region);
        }
        let names: Vec<&str> = self.spec.regions.iter().map(Region::name).collect();
        Err(Failure::with_help(
            format!("the application has no region {region}"),
            format!("its regions are {}", names.join(", ")),
        ))
    }

    /// Whose resources they are.
    pub fn owner(&self) -> Owner {
        Owner {
            app: self.spec.app.as_str().into(),
            env: self.spec.env.as_str().into(),
        }
    }

    /// The provider's name.
    pub fn provider(&self) -> &'static str {
        match self.spec.provider {
            Provider::Sim => "sim",
            Provider::Aws(_) => "aws",
        }
    }

    /// How long something took, by the provider's clock: the simulator has one of its own.
    pub fn time(&self, seconds: f64) -> String {
        match self.spec.provider {
            Provider::Sim => format!("{} of simulated time", duration(seconds)),
            Provider::Aws(_) => duration(seconds),
        }
    }

    /// Where local files live: the simulator, run journals.
    pub fn local(&self) -> PathBuf {
        self.folder.join(".scalectl")
    }

    /// Where the application lives, in words.
    pub fn cloud(&self) -> &'static str {
        match self.spec.provider {
            Provider::Sim => "the simulator",
            Provider::Aws(_) => "AWS",
        }
    }

    /// The application in words, for headings.
    pub fn title(&self) -> String {
        format!(
            "{} ({}) at stage {} on {}",
            self.spec.app,
            self.spec.env,
            self.spec.stage.name(),
            self.cloud()
        )
    }
}

/// Shows mistakes that do not stop the command; `why` says why not.
fn warn(mistakes: &[Diagnostic], why: &str) {
    let mut warnings = mistakes.to_vec();
    for warning in &mut warnings {
        warning.severity = Severity::Warning;
    }
    let shown = diagnostics::render(&warnings);
    ui::note(&format!("{shown}{} {why}\n\n", Painted(NOTICE, "note:")));
}

/// The spec with the command line's overrides, and where it was found.
pub fn load_spec(global: &Global, stage: Option<Stage>) -> Result<(PathBuf, Spec), Failure> {
    let file = SpecFile::read(global)?;
    let env = global.env.as_deref();
    let mut spec = spec::load(&file.shown, &file.text, env, stage)?;
    check_gates(&spec, &file.shown, &file.text, env)?;
    override_with(&mut spec, global)?;
    Ok((file.path, spec))
}

/// The same of a text that the spec's file may come to have.
pub fn load_text(global: &Global, text: &str) -> Result<Spec, Failure> {
    let shown = find(global)?.display().to_string();
    let env = global.env.as_deref();
    let mut spec = spec::load(&shown, text, env, None)?;
    override_with(&mut spec, global)?;
    Ok(spec)
}

/// A spec's file.
struct SpecFile {
    path: PathBuf,
    /// Its name in messages.
    shown: String,
    text: String,
}

impl SpecFile {
    fn read(global: &Global) -> Result<Self, Failure> {
        let path = find(global)?;
        let help = "pass the path with `-f FILE`, or create a spec with `scalectl init`";
        Ok(Self {
            shown: path.display().to_string(),
            text: confined::spec(&path, help)?,
            path,
        })
    }

    /// The spec as it was applied once, and what of it today's rules refuse.
    fn as_applied(
        &self,
        global: &Global,
        stage: Option<Stage>,
    ) -> Result<(Spec, Vec<Diagnostic>), Failure> {
        let env = global.env.as_deref();
        let (mut spec, mistakes) = spec::load_as_applied(&self.shown, &self.text, env, stage)?;
        override_with(&mut spec, global)?;
        Ok((spec, mistakes))
    }
}

/// Puts the command line's provider and region in place of the spec's.
fn override_with(spec: &mut Spec, global: &Global) -> Result<(), Failure> {
    if let Some(region) = &global.region {
        set_region(spec, region)?;
    }
    match global.provider {
        Some(ProviderName::Sim) => spec.provider = Provider::Sim,
        // What the spec says of AWS, such as the allowed accounts, holds all the same.
        Some(ProviderName::Aws) if matches!(spec.provider, Provider::Aws(_)) => {}
        Some(ProviderName::Aws) => spec.provider = Provider::Aws(spec::Aws::default()),
        None => {}
    }
    Ok(())
}

/// The spec at the deployed stage, which may need something that the spec's own stage does not.
pub fn spec_deployed(global: &Global, project: &Project, stage: Stage) -> Result<Spec, Failure> {
    let (app, wanted) = (&project.spec.app, project.spec.stage);
    let lacks = stage == Stage::MultiRegion && wanted != stage && project.spec.regions.len() < 2;
    let file = SpecFile::read(global)?;
    if lacks
        && let Some(place) = spec::place(&file.shown, &file.text, global.env.as_deref(), "regions")
    {
        let wanted = wanted.name();
        let message = format!(
            "{app} is deployed at stage multi-region in more regions than `regions` lists; the migration to {wanted} starts from all of them"
        );
        let help = format!(
            "set `regions` as last applied, and remove regions after the migration to {wanted}"
        );
        let mut mistake = Diagnostic::error(place, message).help(help);
        quote(&file.text, std::slice::from_mut(&mut mistake));
        return Err(Failure::Diagnostics(vec![mistake]));
    }
    // It runs already: a rule that came later, or that a change meanwhile breaks, is no reason not to leave the stage.
    let (spec, mistakes) = file.as_applied(global, Some(stage))?;
    if !mistakes.is_empty() {
        let stage = stage.name();
        warn(
            &mistakes,
            &format!("{app} is deployed at stage {stage}; the spec is compared at that stage"),
        );
    }
    Ok(spec)
}

/// Fails when a gate of the spec has an expression that could never be true: a migration would find out after hours.
fn check_gates(spec: &Spec, file: &str, text: &str, env: Option<&str>) -> Result<(), Failure> {
    let gates = spec.migration.gates.iter().enumerate();
    let mut mistakes: Vec<Diagnostic> = gates
        .filter_map(|(number, gate)| {
            let failure = check_condition(gate.expression.as_deref()?).err()?;
            let path = format!("migration.gates.{number}.expression");
            let mut mistake = failure.at(&spec::place(file, text, env, &path)?);
            mistake.message = format!("a gate that cannot pass: {}", mistake.message);
            Some(mistake)
        })
        .collect();
    quote(text, &mut mistakes);
    if mistakes.is_empty() {
        Ok(())
    } else {
        Err(Failure::Diagnostics(mistakes))
    }
}

/// The spec's path: as given, or the nearest one here or above.
pub fn find(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(path) = &global.file {
        return Ok(if path.is_dir() {
            path.join(SPEC)
        } else {
            path.clone()
        });
    }
    if Path::new(SPEC).exists() {
        return Ok(PathBuf::from(SPEC));
    }
    let here = std::env::current_dir()
        .map_err(|error| Failure::new(format!("the current folder is not readable: {error}")))?;
    here.ancestors()
        .map(|folder| folder.join(SPEC))
        .find(|path| path.exists())
        .ok_or_else(|| {
            Failure::with_help(
                format!("there is no {SPEC} here or in a folder above"),
                "create one with `scalectl init`, or pass its path with `-f FILE`",
            )
        })
}

/// The largest file that is read whole, in bytes: plans, snapshots and journals are far smaller.
const MOST_BYTES: u64 = 64 << 20;

/// The text of a plain file that an argument names; `help` says what to do when it cannot be read.
pub fn read(path: &Path, help: &str) -> Result<String, Failure> {
    let shown = path.display();
    let bytes = plain_file::read(path, MOST_BYTES).map_err(|why| {
        let help = why.help().unwrap_or(help);
        Failure::with_help(format!("{shown} {why}"), help)
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::with_help(
            format!("{shown} is not UTF-8: invalid byte at offset {at}"),
            "save it as UTF-8",
        )
    })
}

/// Writes a file that is there in whole or not at all: beside its place first, and then renamed. What is no plain file,
/// such as a pipe, is written to as it is.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    replaced(path, text.as_bytes()).map_err(|error| {
        Failure::with_help(
            format!("{} cannot be written: {error}", path.display()),
            "the previous file is unchanged; check the path and the free disk space",
        )
    })
}

fn replaced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A link goes on leading to its file.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let before = std::fs::metadata(&path).ok();
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        return std::fs::write(&path, bytes);
    }
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = std::fs::File::create_new(&beside).and_then(|mut file| {
        if let Some(before) = &before {
            file.set_permissions(before.permissions())?;
        }
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| std::fs::rename(&beside, &path));
    if renamed.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    renamed
}

/// Writes a file, and makes the folders above it that are missing.
pub fn write_below(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|error| {
            Failure::new(format!("{} cannot be written: {error}", path.display()))
        })?;
    }
    write(path, text)
}

fn set_region(spec: &mut Spec, region: &str) -> Result<(), Failure> {
    let fits =
        regex_lite::Regex::new(r"^[a-z]{2}(-[a-z]+)+-[0-9]$").is_ok_and(|r| r.is_match(region));
    if !fits {
        let what = format!("{region:?} is not a region name");
        return Err(Failure::with_help(what, "use a name such as eu-west-1"));
    }
    if let Some((what, help)) = spec::unknown_region(region) {
        return Err(Failure::with_help(what, help));
    }
    if spec
        .regions
        .iter()
        .skip(1)
        .any(|other| other.name() == region)
    {
        let what = format!("{region} is already in the spec, but not its first region");
        return Err(Failure::with_help(what, "change their order in the spec"));
    }
    if spec
        .regions
        .first()
        .is_none_or(|first| first.name() != region)
    {
        spec.regions.splice(
            ..1.min(spec.regions.len()),
            [Region::Name(region.to_owned())],
        );
    }
    Ok(())
}

/// The built-in blueprints, with those in the folders beside the spec in front.
pub fn library(folder: &Path) -> Result<Library, Failure> {
    let own = folder.join("blueprints");
    let blueprints = folder::files(&own, Some(folder::YAML), BLUEPRINTS)?;
    let templates = folder::files(&folder.join("templates"), None, TEMPLATES)?;
    let blueprints = borrowed(&blueprints);
    let templates = borrowed(&templates);
    Ok(Library::with(&blueprints, &templates)?)
}

/// The date of UTC, so that every machine sees an exception end at the same moment.
pub fn today() -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC
        .to_datetime(jiff::Timestamp::now())
        .date()
}

/// The built-in policies, with those in the folder beside the spec in front.
pub fn policies(folder: &Path) -> Result<Policies, Failure> {
    let own = folder.join("policies");
    let files = folder::files(&own, Some(folder::YAML), POLICIES)?;
    Ok(Policies::with(&borrowed(&files))?)
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect()
}
