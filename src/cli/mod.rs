//! The command line: one file per command, each a few calls into the pipeline.
//!
//! `project` finds and loads the spec, `session` opens the provider, `live` says what is live, `ui` talks to the person,
//! `progress` shows an apply as it runs, `walk_teller` a migration, `exit` has the exit codes.

mod apply;
mod cache;
mod ci;
mod completions;
mod confined;
mod connect;
mod deploy;
mod destroy;
mod doctor;
mod drift;
mod dry_run;
mod editor;
mod eject;
mod elsewhere;
mod env;
mod event_log;
mod exec;
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
mod logs;
mod maintenance;
mod migrate;
mod migrate_progress;
mod observe;
mod output;
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
mod secrets;
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
use crate::deploy::Mode;
use crate::diagnostic::{Diagnostic, shortened};
use crate::render::style;
use crate::spec::Stage;

/// Takes a web application from one server to millions of users.
///
/// One file, scalectl.yaml, describes the application; its stage sets how it is deployed. The
/// cloud itself is the state: there is no state file to lose, lock or leak. The default provider is
/// a built-in simulator, so everything can be tried on a laptop without an account.
#[derive(Parser)]
#[command(
    name = "scalectl",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(
    after_help = "Start with:\n  scalectl init --app shop --domain shop.example.com\n  scalectl plan\n  scalectl apply\n\nLater:\n  scalectl doctor                  on AWS: credentials, permissions, quotas\n  scalectl stages                  the purpose of each stage, and what the next one changes\n  scalectl plan --stage split-db   what the next stage would change\n  scalectl status                  what is running, with endpoints"
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options that every command accepts, before or after its name.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// The spec file [default: scalectl.yaml in this folder or the nearest parent].
    #[arg(
        short,
        long,
        global = true,
        env = "SCALECTL_FILE",
        value_name = "FILE",
        help_heading = "Global options"
    )]
    file: Option<PathBuf>,
    /// The environment, as named under `environments` in the spec.
    #[arg(
        short,
        long,
        global = true,
        env = "SCALECTL_ENV",
        value_name = "ENV",
        help_heading = "Global options"
    )]
    env: Option<String>,
    /// Use this provider instead of the spec's.
    #[arg(
        long,
        global = true,
        env = "SCALECTL_PROVIDER",
        value_name = "PROVIDER",
        help_heading = "Global options"
    )]
    provider: Option<ProviderName>,
    /// Use this primary region instead of the spec's first one.
    #[arg(
        long,
        global = true,
        env = "SCALECTL_REGION",
        value_name = "REGION",
        help_heading = "Global options"
    )]
    region: Option<String>,
    /// Wait this many seconds for another run to finish.
    #[arg(
        long,
        global = true,
        env = "SCALECTL_LOCK_TIMEOUT",
        value_name = "SECONDS",
        default_value_t = 10,
        help_heading = "Global options"
    )]
    lock_timeout: u16,
    /// Show more details, such as retries.
    #[arg(
        short,
        long,
        global = true,
        env = "SCALECTL_VERBOSE",
        value_parser = FalseyValueParser::new(),
        help_heading = "Global options"
    )]
    verbose: bool,
    /// Disable colors (as does NO_COLOR).
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
            format!("{hint}the stages are {}", names.join(", "))
        })
}

#[derive(Subcommand)]
enum Command {
    /// Create a commented scalectl.yaml.
    Init(init::Arguments),
    /// Check the spec and its blueprint offline.
    Validate(validate::Arguments),
    /// Check credentials, clock, permissions and quotas before a run.
    Doctor(doctor::Arguments),
    /// Show what apply would change, why, and how long it would take.
    Plan(plan::Arguments),
    /// Create, change and delete resources so that the cloud matches the spec.
    Apply(apply::Arguments),
    /// Bring a new version of a service to its servers, watched, with an automatic rollback.
    Deploy(deploy::Arguments),
    /// Take a deployment back, or deploy an earlier version.
    Rollback(deploy::Rollback),
    /// List the last deployments.
    Releases(deploy::Releases),
    /// Migrate the application to another stage, step by step, without losing data.
    Migrate(migrate::Arguments),
    /// Move the database's writes to another region, step by step, without losing data.
    Failover(failover::Arguments),
    /// Change instance sizes and counts step by step, while servers stay healthy.
    Scale(scale::Arguments),
    /// Test a migration on local servers under load, and measure errors and lost data.
    #[cfg(unix)]
    Rehearse(rehearse::Arguments),
    /// Show changes made outside scalectl.
    Drift(drift::Arguments),
    /// Save the current state to a file, without secrets, for offline plans and dry runs.
    Snapshot(snapshot::Arguments),
    /// Delete all resources of the application.
    Destroy(destroy::Arguments),
    /// Invalidate paths in the CDN and wait until it is done.
    Invalidate(invalidate::Arguments),
    /// Empty the application's cache.
    Cache(cache::Arguments),
    /// Show what is running, by tier, with endpoints.
    Status(status::Arguments),
    /// Print the application's addresses, or one of them, for scripts.
    Output(output::Arguments),
    /// Open the site in a browser.
    Open(output::Open),
    /// Close the site for visitors with a page, and open it again.
    Maintenance(maintenance::Arguments),
    /// List environments, compare two, and write the images of one into another.
    Env(env::Arguments),
    /// List, set and delete the secrets that services need.
    Secrets(secrets::Arguments),
    /// Print what services log, from all servers and regions.
    Logs(logs::Arguments),
    /// Run a command in the container of a service.
    #[command(after_help = exec::EXEC)]
    Exec(exec::Arguments),
    /// Run a command once, in a container of its own with the service's image and variables.
    #[command(after_help = exec::RUN)]
    Run(exec::Arguments),
    /// Open a shell on a server through Session Manager, with no open port.
    Ssh(connect::Ssh),
    /// Forward a local port to the database through Session Manager.
    Tunnel(connect::Tunnel),
    /// Show one resource and how it differs from the spec.
    Show(show::Arguments),
    /// Evaluate the policies offline, or list them.
    Policy(policy::Arguments),
    /// Run the tests of the spec on the simulator.
    Test(test::Arguments),
    /// Draw the architecture as SVG, DOT or Mermaid.
    Graph(graph::Arguments),
    /// Show the purpose of each stage, and what changes from one to the next.
    Stages(stages::Arguments),
    /// Copy the built-in blueprints, templates and policies next to the spec for editing.
    Eject(eject::Arguments),
    /// Export the resources to another tool's format.
    Export(export::Arguments),
    /// Generate a CI pipeline: plan pull requests, apply on merge, check drift every night.
    Ci(ci::Arguments),
    /// Print the JSON Schema of scalectl.yaml, blueprints, policies, tests or `--json` outputs.
    Schema(schema::Arguments),
    /// Print a shell completion script.
    Completions(completions::Arguments),
    /// Bring existing resources under management without recreating them.
    Import(import::Arguments),
    /// Print the IAM policy that scalectl needs for the spec on AWS.
    IamPolicy(iam_policy::Arguments),
    /// Show who holds the lease, or release it.
    Lease(lease::Arguments),
    /// List past runs, or show one in full.
    History(history::Arguments),
    /// Inspect the simulator and inject faults.
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
pub const MOVED: &str = "pass `--region REGION` to use that region, list it first in `regions`, or, after a failover, set `database: {writer_region: REGION}`. To move the application without its data, run `scalectl destroy` there before the change";

/// What helps where AWS does not even say who we are.
const UNREACHABLE: &str =
    "check the credentials with `scalectl doctor`; `--provider sim` needs none";

/// What helps where nobody answers.
fn unanswered() -> String {
    match std::env::var("AWS_ENDPOINT_URL") {
        Ok(url) if !url.is_empty() => format!(
            "calls go to {url} because AWS_ENDPOINT_URL is set: check that this endpoint is running"
        ),
        _ => "check the network, HTTPS_PROXY, AWS_ENDPOINT_URL and the region names in the spec"
            .to_owned(),
    }
}

/// What helps where permissions are missing.
const DOCTOR: &str = "`scalectl doctor` lists the actions that these credentials lack";

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
        Command::Deploy(arguments) => deploy::run(global, arguments),
        Command::Rollback(arguments) => deploy::roll_back(global, arguments),
        Command::Releases(arguments) => deploy::releases(global, arguments),
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
        Command::Output(arguments) => output::run(global, arguments),
        Command::Open(arguments) => output::open(global, arguments),
        Command::Maintenance(arguments) => maintenance::run(global, arguments),
        Command::Env(arguments) => env::run(global, arguments),
        Command::Secrets(arguments) => secrets::run(global, arguments),
        Command::Logs(arguments) => logs::run(global, arguments),
        Command::Exec(arguments) => exec::run(global, arguments, Mode::Exec),
        Command::Run(arguments) => exec::run(global, arguments, Mode::Run),
        Command::Ssh(arguments) => connect::ssh(global, arguments),
        Command::Tunnel(arguments) => connect::tunnel(global, arguments),
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
            Self::Deploy(arguments) => arguments.changes(),
            Self::Rollback(_) => true,
            Self::Migrate(arguments) => arguments.changes(),
            Self::Failover(arguments) => arguments.changes(),
            Self::Scale(arguments) => arguments.changes(),
            Self::Import(arguments) => arguments.changes(),
            Self::Sim(arguments) => arguments.changes(),
            Self::Lease(arguments) => arguments.changes(),
            Self::Cache(_) | Self::Invalidate(_) | Self::Exec(_) | Self::Run(_) => true,
            Self::Destroy(_) | Self::Init(_) | Self::Eject(_) => true,
            _ => false,
        }
    }
}
