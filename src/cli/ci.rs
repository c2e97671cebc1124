//! `scalectl ci`: pipelines for code hosts, ready to be committed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::iam_policy::Whole;
use super::project::{Project, write_below};
use super::{Failure, Global, Outcome, ui};
use crate::render::pipeline::{Host, Pipeline, Trust, roles};
use crate::render::style::{FAINT, NEW, Painted};
use crate::spec::Provider;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  scalectl ci github --repository acme/shop           .github/workflows/scalectl.yml, and the roles on AWS\n  scalectl ci gitlab --repository acme/shop -e staging\n\nA pull request gets a comment with its plan. Merging it applies exactly that plan after approval. Drift is checked\nevery night. https://scalectl.github.io/scalectl/ci.html walks through one pull request."
)]
pub struct Arguments {
    #[command(subcommand)]
    host: Which,
}

#[derive(Subcommand)]
enum Which {
    /// Generate a pipeline for GitHub Actions.
    Github(Options),
    /// Generate a pipeline for GitLab CI/CD.
    Gitlab(Options),
}

#[derive(Args)]
struct Options {
    /// The repository, as `owner/name`; its pipelines may assume the AWS roles.
    #[arg(long, value_name = "OWNER/NAME")]
    repository: Option<String>,
    /// The branch that is deployed.
    #[arg(long, default_value = "main")]
    branch: String,
    /// The code host's environment that requires approval.
    #[arg(long, value_name = "NAME", default_value = "production")]
    approval: String,
    /// The role for plans [default: the code host's variable SCALECTL_PLAN_ROLE].
    #[arg(long, value_name = "ARN")]
    plan_role: Option<String>,
    /// The role for apply [default: the code host's variable SCALECTL_APPLY_ROLE].
    #[arg(long, value_name = "ARN")]
    apply_role: Option<String>,
    /// Print the pipeline instead of writing it.
    #[arg(long)]
    stdout: bool,
    /// Overwrite existing files.
    #[arg(long)]
    force: bool,
}

pub fn run(global: &Global, arguments: &Arguments) -> Outcome {
    let (host, options) = match &arguments.host {
        Which::Github(options) => (Host::GitHub, options),
        Which::Gitlab(options) => (Host::GitLab, options),
    };
    let project = Project::load(global, None)?;
    let (root, directory) = place(&project)?;
    let environment = match global.env.as_deref() {
        Some(env) => env.to_owned(),
        None => String::new(),
    };
    plain("--branch", &options.branch)?;
    plain("--approval", &options.approval)?;
    for role in options.plan_role.iter().chain(&options.apply_role) {
        plain("a role's ARN", role)?;
    }
    let name = match &*environment {
        "" => "scalectl.yml".to_owned(),
        environment => format!("scalectl-{environment}.yml"),
    };
    let file = match host {
        Host::GitHub => format!(".github/workflows/{name}"),
        Host::GitLab => format!(".gitlab/{name}"),
    };
    let aws = matches!(project.spec.provider, Provider::Aws(_));
    let primary = project.spec.regions.first();
    let pipeline = Pipeline {
        host,
        directory,
        environment,
        branch: options.branch.clone(),
        approval: options.approval.clone(),
        region: primary.filter(|_| aws).map(|one| one.name().to_owned()),
        roles: (options.plan_role.clone(), options.apply_role.clone()),
        file: file.clone(),
    };
    if options.stdout {
        ui::print_whole(&pipeline.yaml());
        return Ok(ExitCode::SUCCESS);
    }
    if !aws {
        ui::note(
            "warning: the pipeline uses the simulator, whose file is not in the repository: each run starts with an empty cloud. Set `provider: aws` to deploy.\n",
        );
    }
    let mut files = vec![(root.join(&file), pipeline.yaml())];
    if aws && (options.plan_role.is_none() || options.apply_role.is_none()) {
        let Some(repository) = &options.repository else {
            return Err(Failure::with_help(
                "the repository that may assume the AWS roles is not known",
                "pass `--repository OWNER/NAME`, or name existing roles with `--plan-role` and `--apply-role`",
            ));
        };
        plain("--repository", repository)?;
        let trust = Trust {
            host,
            repository: repository.clone(),
            branch: options.branch.clone(),
            approval: options.approval.clone(),
        };
        let whole = Whole::of(global, &project)?;
        let template = roles(&project.spec.app, &trust, &whole.reads, &whole.everything);
        let text = serde_json::to_string_pretty(&template)
            .map_err(|error| Failure::new(error.to_string()))?;
        files.push((project.folder.join("scalectl-ci-roles.json"), text + "\n"));
    }
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists())
        && !options.force
    {
        let what = format!("{} already exists; nothing was written", path.display());
        return Err(Failure::with_help(what, "overwrite with `--force`"));
    }
    for (path, text) in &files {
        write_below(path, text)?;
        ui::print(&format!("{} {}\n", Painted(NEW, "Wrote"), path.display()));
    }
    ui::print(&format!(
        "\n{}\n",
        Painted(FAINT, next(host, files.get(1).map(|(path, _)| path), &file))
    ));
    Ok(ExitCode::SUCCESS)
}

/// What is left to be done by hand.
fn next(host: Host, template: Option<&PathBuf>, file: &str) -> String {
    let mut steps = Vec::new();
    if let Some(template) = template {
        steps.push(format!(
            "Create the roles: aws cloudformation deploy --stack-name scalectl-ci --capabilities CAPABILITY_IAM --template-file {}",
            template.display()
        ));
        steps.push(
            "Store the ARNs in the stack's outputs as variables SCALECTL_PLAN_ROLE and SCALECTL_APPLY_ROLE."
                .to_owned(),
        );
    }
    steps.push(match host {
        Host::GitHub => {
            "Set the environment's required reviewers under Settings, Environments.".to_owned()
        }
        Host::GitLab => format!(
            "Include {file} in .gitlab-ci.yml, protect the environment, add a schedule for drift, and store a project access token as SCALECTL_GITLAB_TOKEN."
        ),
    });
    steps.join("\n")
}

/// The repository's root and the folder of the spec in it.
fn place(project: &Project) -> Result<(PathBuf, String), Failure> {
    let folder = if project.folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        &project.folder
    };
    let folder = folder
        .canonicalize()
        .map_err(|error| Failure::new(format!("{} cannot be read: {error}", folder.display())))?;
    let root = folder
        .ancestors()
        .find(|folder| folder.join(".git").exists())
        .ok_or_else(|| {
            Failure::with_help(
                format!("{} is not in a git repository", folder.display()),
                "run `git init`, or print the pipeline with `--stdout`",
            )
        });
    let root = root?.to_owned();
    let directory = folder.strip_prefix(&root).unwrap_or(Path::new(""));
    let directory = match directory.to_str() {
        Some("") => ".".to_owned(),
        Some(directory) => directory.to_owned(),
        None => return Err(Failure::new("the folder's name is not valid UTF-8")),
    };
    plain("the folder", &directory)?;
    Ok((root, directory))
}

/// Refuses what would mean something else in a pipeline.
fn plain(what: &str, text: &str) -> Result<(), Failure> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-/:@+=".contains(c);
    if text.chars().all(fits) && !text.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "{what} is {text:?}; a pipeline allows only letters, digits and ._-/:@+="
        )))
    }
}
