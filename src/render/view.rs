//! What a command shows, in whichever format it is asked for.
//!
//! A view holds what a document is made of, and each format is one method of it. Which format is wanted
//! is the command line's to say.

use super::escape::visible_json;
use super::migration::{self, Frame as MigrationFrame};
use super::plan::{self, Detail, Frame};
use super::report::{self, Cover};
use super::{findings, json, migration_markdown, plan_markdown};
use crate::graph::Graph;
use crate::inventory::{Live, Owner};
use crate::plan::Plan;
use crate::policy::Report;

/// What a document is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text for a terminal, with colours.
    Text,
    /// JSON, for programs.
    Json,
    /// Markdown, for a comment.
    Markdown,
    /// A Mermaid chart, for Markdown that draws it.
    Mermaid,
    /// A report that is one HTML file.
    Html,
}

impl Format {
    /// What the options ask for to be printed, of which the command line takes one.
    pub fn asked(json: bool, markdown: bool, mermaid: bool) -> Self {
        match (json, markdown, mermaid) {
            (true, ..) => Self::Json,
            (_, true, _) => Self::Markdown,
            (_, _, true) => Self::Mermaid,
            (false, false, false) => Self::Text,
        }
    }
}

/// Something that is shown in several formats.
pub trait View {
    /// As text in lines of at most so many columns where it is prose.
    fn text(&self, columns: usize) -> String;

    /// As JSON.
    fn json(&self) -> String;

    /// As Markdown.
    fn markdown(&self) -> String;

    /// As a Mermaid chart.
    fn mermaid(&self) -> String;

    /// As an HTML file, behind this cover.
    ///
    /// # Errors
    /// When a template is not one, which a test rules out.
    fn html(&self, cover: Cover<'_>) -> Result<String, String>;

    /// In whichever format is asked for.
    ///
    /// # Errors
    /// Those of [`Self::html`].
    fn rendered(&self, format: Format, cover: Cover<'_>, columns: usize) -> Result<String, String> {
        Ok(match format {
            Format::Text => self.text(columns),
            Format::Json => self.json(),
            Format::Markdown => self.markdown(),
            Format::Mermaid => self.mermaid(),
            Format::Html => self.html(cover)?,
        })
    }
}

/// A plan.
pub struct PlanView<'a> {
    /// What stands above it.
    pub heading: String,
    /// The plan.
    pub plan: &'a Plan,
    /// What stands around it.
    pub frame: &'a Frame<'a>,
    /// How much of it is told in text.
    pub detail: Detail,
    /// Whose it is.
    pub owner: &'a Owner,
    /// The stage that it leads to.
    pub stage: &'a str,
    /// The provider.
    pub provider: &'a str,
    /// What policies say.
    pub policy: &'a Report,
    /// The current state.
    pub live: &'a Live,
    /// The graph that it leads to.
    pub desired: &'a Graph,
}

impl View for PlanView<'_> {
    fn text(&self, _: usize) -> String {
        let plan = plan::text(self.plan, self.frame, self.detail);
        format!("{}{plan}{}", self.heading, findings::text(self.policy))
    }

    fn json(&self) -> String {
        let mut document =
            json::plan::document(self.plan, self.frame, self.owner, self.stage, self.provider);
        document.policy = Some(json::findings::policy(self.policy));
        pretty(&document)
    }

    fn markdown(&self) -> String {
        plan_markdown::render(self.plan, self.frame, self.owner, self.stage)
    }

    fn mermaid(&self) -> String {
        super::mermaid::render(self.desired)
    }

    fn html(&self, cover: Cover<'_>) -> Result<String, String> {
        report::of_plan(cover, self.plan, self.frame, self.live, self.desired)
    }
}

/// A migration or a failover.
pub struct MigrationView<'a> {
    /// What stands above it.
    pub heading: String,
    /// The migration.
    pub frame: &'a MigrationFrame<'a>,
    /// Whose it is.
    pub owner: &'a Owner,
    /// The provider.
    pub provider: &'a str,
    /// What policies say of where it leads.
    pub policy: Option<&'a Report>,
}

impl View for MigrationView<'_> {
    fn text(&self, columns: usize) -> String {
        let told = self.policy.map(findings::text).unwrap_or_default();
        let text = migration::text(self.frame, columns);
        format!("{}{text}{told}", self.heading)
    }

    fn json(&self) -> String {
        let mut document = json::migration::document(self.frame, self.owner, self.provider);
        document.policy = self.policy.map(json::findings::policy);
        pretty(&document)
    }

    fn markdown(&self) -> String {
        migration_markdown::render(self.frame, self.owner, self.policy)
    }

    fn mermaid(&self) -> String {
        migration::mermaid(self.frame)
    }

    fn html(&self, cover: Cover<'_>) -> Result<String, String> {
        report::of_migration(cover, self.frame)
    }
}

/// A document as it is printed, every character visible.
fn pretty(document: &impl serde::Serialize) -> String {
    // Our own values have text as keys and nothing else that JSON does not know.
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    visible_json(&(text + "\n")).into_owned()
}
