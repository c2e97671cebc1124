//! The command line: one file per command, each a few calls into the pipeline.
//!
//! `project` finds and loads the spec, `session` opens the provider, `live` says what is live, `ui` talks to the person,
//! `progress` shows an apply as it runs, `walk_teller` a migration, `exit` has the exit codes.

mod apply;
mod cache;
mod ci;
mod completions;
mod confined;
mod destroy;
mod doctor;
mod drift;
mod dry_run;
mod editor;
mod eject;
mod event_log;
mod exit;
mod export;
mod failover;
mod folder;
mod frames;
mod graph;
mod help;
mod history;
mod iam_policy;
mod import;
mod init;
mod invalidate;
mod lease;
mod migrate;
mod migrate_progress;
mod observe;
mod plan;
mod policy;
mod process;
mod progress;
mod project;
#[cfg(unix)]
mod rehearse;
mod report;
mod run;
mod saved;
mod scale;
mod schema;
mod session;
mod show;
mod sim;
mod snapshot;
mod stages;
mod status;
mod test;
mod ui;
mod validate;
mod wait_indicator;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::FalseyValueParser;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use self::exit::Code;
use crate::diagnostic::{Diagnostic, shortened};
use crate::render::style;
use crate::spec::Stage;

/// Takes a web application from one server to millions of users.
///
/// One file, scalectl.yaml, describes the application; a stage says how it is deployed today. The
/// cloud itself is the state: there is no state file to lose, lock or leak. The default provider is
/// an embedded simulated cloud, so everything can be tried on a laptop with no account.
#[derive(Parser)]
#[command(
    name = "scalectl",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(
    after_help = "Begin with:\n  scalectl init --app shop --domain shop.example.com\n  scalectl plan\n  scalectl apply\n\nLater:\n  scalectl doctor                  on AWS: credentials, permissions, quotas\n  scalectl stages                  what each stage is for, and what the next one changes\n  scalectl plan --stage split-db   what the next stage would change\n  scalectl status                  what runs now, and where"
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options that every command has, before or after its name.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// The spec; by default scalectl.yaml here or in the nearest folder above.
    #[arg(
        short,
        long,
        global = true,
        env = "SCALECTL_FILE",
        value_name = "FILE",
        help_heading = "Global options"
    )]
    file: Option<PathBuf>,
    /// The environment: a name under `environments` in the spec.
    #[arg(
        short,
        long,
        global = true,
        env = "SCALECTL_ENV",
        value_name = "ENV",
        help_heading = "Global options"
    )]
    env: Option<String>,
    /// The provider, instead of the spec's.
    #[arg(
        long,
        global = true,
        env = "SCALECTL_PROVIDER",
        value_name = "PROVIDER",
        help_heading = "Global options"
    )]
    provider: Option<ProviderName>,
    /// The primary region, instead of the spec's first one.
    #[arg(
        long,
        global = true,
        env = "SCALECTL_REGION",
        value_name = "REGION",
        help_heading = "Global options"
    )]
    region: Option<String>,
    /// Wait so many seconds for another run to finish before giving up.
    #[arg(
        long,
        global = true,
        env = "SCALECTL_LOCK_TIMEOUT",
        value_name = "SECONDS",
        default_value_t = 10,
        help_heading = "Global options"
    )]
    lock_timeout: u16,
    /// Say more, such as what is retried.
    #[arg(
        short,
        long,
        global = true,
        env = "SCALECTL_VERBOSE",
        value_parser = FalseyValueParser::new(),
        help_heading = "Global options"
    )]
    verbose: bool,
    /// No colours (NO_COLOR does the same).
    #[arg(
        long,
        global = true,
        env = "SCALECTL_NO_COLOR",
        value_parser = FalseyValueParser::new(),
        help_heading = "Global options"
    )]
    no_color: bool,
}

impl Global {
    /// Whether the spec was named on the command line.
    fn is_for_a_file(&self) -> bool {
        self.file.is_some()
    }
}

/// The providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ProviderName {
    /// The simulator.
    Sim,
    /// AWS.
    Aws,
}

/// A stage on the command line.
fn stage(text: &str) -> Result<Stage, String> {
    Stage::ALL
        .into_iter()
        .find(|stage| stage.name() == text)
        .ok_or_else(|| {
            let names = Stage::ALL.map(Stage::name);
            let near = crate::schema::nearest(text, names.into_iter());
            let hint = near
                .map(|near| format!("did you mean {near}? "))
                .unwrap_or_default();
            format!("{hint}stages are {}", names.join(", "))
        })
}

#[derive(Subcommand)]
enum Command {
    /// Write a commented scalectl.yaml to start from.
    Init(init::Arguments),
    /// Check the spec and its blueprint, without looking at the cloud.
    Validate(validate::Arguments),
    /// Check credentials, clock, permissions and quotas before anything is touched.
    Doctor(doctor::Arguments),
    /// Show what apply would change, why, and how long it takes.
    Plan(plan::Arguments),
    /// Make the cloud what the spec says.
    Apply(apply::Arguments),
    /// Go from the live stage to another, step by step, losing nothing.
    Migrate(migrate::Arguments),
    /// Move the database's writes to another region, step by step, losing nothing.
    Failover(failover::Arguments),
    /// Change sizes and numbers in steps, each when servers are healthy.
    Scale(scale::Arguments),
    /// Try a migration on throwaway servers under load, and see what it would lose.
    #[cfg(unix)]
    Rehearse(rehearse::Arguments),
    /// Tell what somebody changed outside of scalectl, and change nothing.
    Drift(drift::Arguments),
    /// Write down what is live, without secrets, to plan and try things with no account.
    Snapshot(snapshot::Arguments),
    /// Remove everything that belongs to the application.
    Destroy(destroy::Arguments),
    /// Have the CDN forget paths, and wait until it has.
    Invalidate(invalidate::Arguments),
    /// Empty the application's cache.
    Cache(cache::Arguments),
    /// Show what runs now, tier by tier, with endpoints.
    Status(status::Arguments),
    /// Show one resource as it is, and where it differs from the spec.
    Show(show::Arguments),
    /// Ask the policies, without looking at the cloud, or list them.
    Policy(policy::Arguments),
    /// Run the tests of the spec, on simulators of their own.
    Test(test::Arguments),
    /// Draw the architecture: DOT, Mermaid or SVG.
    Graph(graph::Arguments),
    /// Tell what each stage is for, and what changes from one to the next.
    Stages(stages::Arguments),
    /// Write the built-in blueprints, templates and policies beside the spec, to change them.
    Eject(eject::Arguments),
    /// Write the resources in another tool's language.
    Export(export::Arguments),
    /// Write a pipeline for a code host: plan on a request, apply on merge, drift every night.
    Ci(ci::Arguments),
    /// Print the JSON Schema of scalectl.yaml, of blueprints, policies and tests, or of what `--json` prints.
    Schema(schema::Arguments),
    /// Print a completion script for a shell.
    Completions(completions::Arguments),
    /// Bring what exists already under management, without rebuilding it.
    Import(import::Arguments),
    /// Print the IAM policy that the spec needs on AWS.
    IamPolicy(iam_policy::Arguments),
    /// Say who changes the application right now, or take that right away.
    Lease(lease::Arguments),
    /// List past runs, or tell one in full.
    History(history::Arguments),
    /// Look into the simulator, and break it on purpose.
    Sim(sim::Arguments),
}

/// Why a command failed.
#[derive(Debug)]
enum Failure {
    /// Mistakes in the user's files.
    Diagnostics(Vec<Diagnostic>),
    /// Anything else: what is wrong, and what helps.
    Message {
        what: String,
        help: Option<String>,
        code: Code,
    },
    /// Everything has been said already.
    Told(Code),
}

impl Failure {
    fn new(what: impl Into<String>) -> Self {
        Self::Message {
            what: shortened(&what.into()),
            help: None,
            code: Code::Error,
        }
    }

    fn with_help(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Message {
            what: shortened(&what.into()),
            help: Some(shortened(&help.into())),
            code: Code::Error,
        }
    }

    /// The same with an exit code of its own.
    fn coded(self, code: Code) -> Self {
        match self {
            Self::Message { what, help, .. } => Self::Message { what, help, code },
            Self::Told(_) => Self::Told(code),
            mistakes @ Self::Diagnostics(_) => mistakes,
        }
    }

    fn code(&self) -> Code {
        match self {
            Self::Diagnostics(_) => Code::Error,
            Self::Message { code, .. } | Self::Told(code) => *code,
        }
    }
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self::Diagnostics(diagnostics)
    }
}

impl From<crate::provider::ProviderError> for Failure {
    fn from(error: crate::provider::ProviderError) -> Self {
        let help = match &*error.code {
            // AWS was not asked for anything yet.
            "WrongAccount" => {
                return Self::with_help(error.to_string(), WRONG_ACCOUNT);
            }
            crate::apply::ANOTHER_REGION => {
                let what = format!("{}; nothing was changed", error.message);
                return Self::with_help(what, MOVED);
            }
            "Interrupted" => return Self::new(error.to_string()).coded(Code::Interrupted),
            "NoCredentials" => {
                let profile = std::env::var("AWS_PROFILE").ok();
                crate::doctor::how_to_log_in(profile.as_deref())
            }
            "NoAnswer" | "Timeout" if error.kind.is_retryable() => unanswered(),
            _ if error.operation == "sts:GetCallerIdentity" => UNREACHABLE.to_owned(),
            _ if is_not_allowed(&error) => DOCTOR.to_owned(),
            _ => return Self::new(error.to_string()).coded(Code::of(&error)),
        };
        Self::with_help(error.to_string(), help).coded(Code::of(&error))
    }
}

/// What helps where `allowed_accounts` does not name the account.
const WRONG_ACCOUNT: &str =
    "use the credentials of an allowed account, or change `allowed_accounts`";

/// What helps where the application's record is in another region.
pub const MOVED: &str = "`--region REGION` looks there; or put it first again in `regions`, or after a failover in `database: {writer_region: REGION}`. An application moves without its data by `scalectl destroy` there, before the change";

/// What helps where AWS does not even say who we are.
const UNREACHABLE: &str = "`scalectl doctor` looks at the credentials; `--provider sim` needs none";

/// What helps where nobody answers.
fn unanswered() -> String {
    match std::env::var("AWS_ENDPOINT_URL") {
        Ok(url) if !url.is_empty() => format!("calls go to {url}, as AWS_ENDPOINT_URL says: check that something answers there"),
        _ => "check the network, HTTPS_PROXY and AWS_ENDPOINT_URL, and the names of the spec's regions".to_owned(),
    }
}

/// What helps where permissions are missing.
const DOCTOR: &str = "`scalectl doctor` names all that these credentials may not";

/// Whether AWS refused a call for want of permission; what is somebody else's is refused by us.
fn is_not_allowed(error: &crate::provider::ProviderError) -> bool {
    error.kind == crate::provider::ErrorKind::Denied && error.code != "NotOurs"
}

type Outcome = Result<ExitCode, Failure>;

/// Runs the program.
pub fn main() -> ExitCode {
    // Only who asks for help, or is wrong, sees what it adds: putting it together takes longer than all else at the start.
    let parsed = Cli::try_parse().or_else(|_| {
        let matches = help::dressed(Cli::command()).try_get_matches()?;
        Cli::from_arg_matches(&matches)
    });
    let mut cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; a wrong usage is one, and 2 means changes.
            if error.use_stderr() {
                let _ = error.print();
                let arguments: Vec<String> = std::env::args().skip(1).collect();
                if let Some(what) = help::instead(error.kind(), &arguments) {
                    ui::note(&format!(
                        "  {} {what}\n",
                        style::Painted(style::NOTICE, "help:")
                    ));
                }
                return Code::Error.into();
            }
            if let Err(error) = error.print().and_then(|()| std::io::stdout().flush()) {
                ui::lose("standard output", &error);
            }
            return exit::with_output(ExitCode::SUCCESS, false);
        }
    };
    ui::set_colors(cli.global.no_color);
    // A variable that is set to nothing says nothing, as pipelines set it.
    cli.global.env = cli.global.env.filter(|env| !env.is_empty());
    let global = &cli.global;
    let outcome = match &cli.command {
        Command::Init(arguments) => init::run(global, arguments),
        Command::Validate(arguments) => validate::run(global, arguments),
        Command::Doctor(arguments) => doctor::run(global, arguments),
        Command::Plan(arguments) => plan::run(global, arguments),
        Command::Apply(arguments) => apply::run(global, arguments),
        Command::Migrate(arguments) => migrate::run(global, arguments),
        Command::Failover(arguments) => failover::run(global, arguments),
        Command::Scale(arguments) => scale::run(global, arguments),
        #[cfg(unix)]
        Command::Rehearse(arguments) => rehearse::run(global, arguments),
        Command::Drift(arguments) => drift::run(global, arguments),
        Command::Snapshot(arguments) => snapshot::run(global, arguments),
        Command::Destroy(arguments) => destroy::run(global, arguments),
        Command::Invalidate(arguments) => invalidate::run(global, arguments),
        Command::Cache(arguments) => cache::run(global, arguments),
        Command::Status(arguments) => status::run(global, arguments),
        Command::Show(arguments) => show::run(global, arguments),
        Command::Policy(arguments) => policy::run(global, arguments),
        Command::Test(arguments) => test::run(global, arguments),
        Command::Graph(arguments) => graph::run(global, arguments),
        Command::Stages(arguments) => stages::run(global, arguments),
        Command::Eject(arguments) => eject::run(global, arguments),
        Command::Export(arguments) => export::run(global, arguments),
        Command::Ci(arguments) => ci::run(global, arguments),
        Command::Schema(arguments) => schema::run(arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Import(arguments) => import::run(global, arguments),
        Command::IamPolicy(arguments) => iam_policy::run(global, arguments),
        Command::Lease(arguments) => lease::run(global, arguments),
        Command::History(arguments) => history::run(global, arguments),
        Command::Sim(arguments) => sim::run(global, arguments),
    };
    let code = outcome.unwrap_or_else(|failure| {
        ui::fail(&failure);
        failure.code().into()
    });
    exit::with_output(code, cli.command.changes())
}

impl Command {
    /// Whether it changes something besides what it prints.
    fn changes(&self) -> bool {
        match self {
            Self::Apply(arguments) => !arguments.dry_run,
            Self::Migrate(arguments) => arguments.changes(),
            Self::Failover(arguments) => arguments.changes(),
            Self::Scale(arguments) => arguments.changes(),
            Self::Import(arguments) => arguments.changes(),
            Self::Sim(arguments) => arguments.changes(),
            Self::Lease(arguments) => arguments.changes(),
            Self::Cache(_) | Self::Invalidate(_) => true,
            Self::Destroy(_) | Self::Init(_) | Self::Eject(_) => true,
            _ => false,
        }
    }
}
