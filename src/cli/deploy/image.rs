//! The image of a service in the spec's file: written by `--image` and by a rollback.

use crate::cli::project::{Project, find, load_text, read, write};
use crate::cli::{Failure, Global};
#[cfg(feature = "aws")]
use crate::cli::{session::runtime, ui};
use crate::deploy::Service;
#[cfg(feature = "aws")]
use crate::doctor::{Verdict, aws::web, images};
use crate::spec;

/// Another image for a service of the spec.
pub(super) struct Edit {
    service: String,
    image: String,
}

impl Edit {
    pub(super) fn new(service: &str, image: &str) -> Self {
        Self {
            service: service.to_owned(),
            image: image.to_owned(),
        }
    }

    /// The same with the digest of what a tag stands for now, where its registry tells it to everybody.
    #[cfg(feature = "aws")]
    pub(super) fn pinned(self, project: &Project) -> Result<Self, Failure> {
        if !is_real(project) {
            return Ok(self);
        }
        let image = match runtime(false)?.block_on(web::pinned(&self.image)) {
            Ok(image) => image,
            Err(why) => {
                ui::note(&format!("{} is deployed by its tag: {why}\n", self.image));
                self.image
            }
        };
        Ok(Self { image, ..self })
    }

    /// On the simulator an image is its name.
    #[cfg(not(feature = "aws"))]
    pub(super) fn pinned(self, _: &Project) -> Result<Self, Failure> {
        Ok(self)
    }

    /// Has a project go by it, checked as if it stood in the file.
    pub(super) fn apply(&self, global: &Global, project: &mut Project) -> Result<(), Failure> {
        let edited = self.edited(global, project)?;
        project.spec = load_text(global, &edited)?;
        Ok(())
    }

    /// Writes it into the file.
    pub(super) fn write(&self, global: &Global, project: &Project) -> Result<(), Failure> {
        let edited = self.edited(global, project)?;
        write(&find(global)?, &edited)
    }

    fn edited(&self, global: &Global, project: &Project) -> Result<String, Failure> {
        let Self { service, image } = self;
        let path = find(global)?;
        let text = read(&path, "make it readable")?;
        let env = (project.spec.env != "default").then_some(project.spec.env.as_str());
        let shown = path.display();
        spec::with_image(&text, env, service, image).ok_or_else(|| match env {
            Some(env) => Failure::with_help(
                format!(
                    "the environment {env} has no image of its own for {service} in {shown}, and the spec's is that of others too; nothing was changed"
                ),
                format!(
                    "write `image: {image}` under `environments.{env}.services.{service}` there, and run `scalectl deploy`"
                ),
            ),
            None => Failure::with_help(
                format!("{service} in {shown} has no image that could be changed by a word; nothing was changed"),
                format!("write `image: {image}` under `services.{service}` there, and run `scalectl deploy`"),
            ),
        })
    }
}

/// Whether images are those of registries: an emulator's account has no servers that would run one.
#[cfg(feature = "aws")]
fn is_real(project: &Project) -> bool {
    matches!(project.spec.provider, spec::Provider::Aws(_))
        && std::env::var_os("AWS_ENDPOINT_URL").is_none_or(|url| url.is_empty())
}

/// Fails when a registry has no such image for the servers' processors.
#[cfg(feature = "aws")]
pub(super) async fn check(project: &Project, services: &[Service]) -> Result<(), Failure> {
    if !is_real(project) {
        return Ok(());
    }
    let mut wanted = images::wanted(&project.spec);
    wanted.retain(|one| {
        services
            .iter()
            .any(|service| service.version.after == *one.image)
    });
    let checks = web::check_images(&wanted).await;
    let Some(failed) = checks.into_iter().find(|one| one.verdict == Verdict::Fails) else {
        return Ok(());
    };
    let what = format!("{}; nothing was changed", failed.found);
    Err(match failed.mend {
        Some(mend) => Failure::with_help(what, mend),
        None => Failure::new(what),
    })
}

/// On the simulator every image exists.
#[cfg(not(feature = "aws"))]
pub(super) async fn check(_: &Project, _: &[Service]) -> Result<(), Failure> {
    std::future::ready(Ok(())).await
}

/// After a rollback the spec names the images that serve, where it named those that do not; the services for which it does
/// now.
pub(super) fn put_back(global: &Global, project: &Project, services: &[Service]) -> Vec<String> {
    let mut edited = Vec::new();
    for service in services {
        let version = &service.version;
        let declared = project.spec.services.get(&*service.name);
        let is_named = declared.is_some_and(|one| one.image.as_ref() == Some(&version.after));
        if !is_named || version.before == version.after || version.before.is_empty() {
            continue;
        }
        let edit = Edit::new(&service.name, &version.before);
        if edit.write(global, project).is_ok() {
            edited.push(service.name.to_string());
        }
    }
    edited
}
