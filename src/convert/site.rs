//! An application as other tools describe it, in the terms that they share.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::command::Command;
use super::variables::{Neighbour, Raw};
use crate::diagnostic::Location;
use crate::spec::{Engine, Stage};

/// An application.
pub struct Site {
    /// Its name there, if it has one.
    pub app: Option<String>,
    /// The stage that is most like how it runs there.
    pub stage: Stage,
    /// The site's domain.
    pub domain: Option<String>,
    /// The site's region.
    pub region: Option<String>,
    /// What it runs.
    pub programs: Vec<Program>,
    /// Its relational database.
    pub database: Option<Database>,
    /// Its cache.
    pub cache: Option<Cache>,
    /// Paths that are files, served from a bucket.
    pub static_paths: Vec<String>,
    /// What the programs reach under which name.
    pub neighbours: BTreeMap<String, Neighbour>,
    /// Passwords of the database there, by which variables that hold them are known.
    pub passwords: Vec<String>,
    /// Users of private registries, by host, with their places; passwords are not known.
    pub registries: BTreeMap<String, (String, Location)>,
    /// Where the site itself is described.
    pub at: Location,
}

impl Site {
    /// A site with nothing in it.
    pub fn new(stage: Stage, at: Location) -> Self {
        Self {
            app: None,
            stage,
            domain: None,
            region: None,
            programs: Vec::new(),
            database: None,
            cache: None,
            static_paths: Vec::new(),
            neighbours: BTreeMap::new(),
            passwords: Vec::new(),
            registries: BTreeMap::new(),
            at,
        }
    }
}

/// A relational database.
#[derive(Clone, Debug, PartialEq)]
pub struct Database {
    /// The engine.
    pub engine: Engine,
    /// The major version, if it is said.
    pub version: Option<String>,
    /// The database's name.
    pub name: Option<String>,
    /// GiB, if they are said.
    pub storage: Option<u32>,
}

/// A cache.
#[derive(Clone, Debug, PartialEq)]
pub struct Cache {
    /// `valkey`, `redis` or `memcached`.
    pub engine: &'static str,
}

/// What a program runs from.
#[derive(Clone, Debug, PartialEq)]
pub enum Image {
    /// An image that is there.
    Named(String),
    /// One that is built from the sources: by its name among those of the application; empty for the only one.
    Built(String),
}

/// A program of the application.
pub struct Program {
    /// Its name there.
    pub name: Arc<str>,
    /// Where it is described.
    pub at: Location,
    /// Whether it serves HTTP.
    pub is_web: bool,
    /// What it runs from.
    pub image: Image,
    /// Whether the image is for Arm processors.
    pub is_arm: bool,
    /// The command, where it is not the image's own.
    pub command: Option<Command>,
    /// What runs once before a new version serves.
    pub release: Option<Command>,
    /// The port that it listens on.
    pub port: Option<u16>,
    /// How its health is asked.
    pub health: Health,
    /// Its variables as they are there; `settle` sorts them into the next three.
    pub raw: Vec<Raw>,
    /// Plain variables.
    pub env: BTreeMap<String, String>,
    /// Secrets by variable: their names in Secrets Manager or Systems Manager.
    pub secrets: BTreeMap<String, String>,
    /// Variables that hold what is in another variable of its container, such as DATABASE_HOST.
    pub exports: BTreeMap<String, String>,
    /// CPUs in thousandths and MiB of memory that it has there.
    pub size: Option<(u32, u32)>,
    /// How many of it there are: at least, at most.
    pub scale: Option<(u16, u16)>,
    /// Average CPU use in percent that is kept steady.
    pub cpu: Option<u8>,
    /// The paths that it serves; empty means all.
    pub paths: Vec<String>,
    /// The host names that it serves besides the domain.
    pub hosts: Vec<String>,
    /// Seconds for which a user stays with one instance.
    pub stickiness: Option<u32>,
    /// Seconds that requests have to end.
    pub draining: Option<u32>,
    /// Seconds that a worker has after SIGTERM.
    pub stop_timeout: Option<u32>,
    /// A worker's queue.
    pub queue: Option<Queue>,
}

impl Program {
    /// A program of which nothing more is known.
    pub fn new(name: &str, at: Location) -> Self {
        Self {
            name: name.into(),
            at,
            is_web: true,
            image: Image::Built(name.to_owned()),
            is_arm: false,
            command: None,
            release: None,
            port: None,
            health: Health::default(),
            raw: Vec::new(),
            env: BTreeMap::new(),
            secrets: BTreeMap::new(),
            exports: BTreeMap::new(),
            size: None,
            scale: None,
            cpu: None,
            paths: Vec::new(),
            hosts: Vec::new(),
            stickiness: None,
            draining: None,
            stop_timeout: None,
            queue: None,
        }
    }
}

/// How health is asked; times are in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// The path, of a program that serves HTTP.
    pub path: Option<String>,
    /// The command, of one that does not.
    pub command: Option<Command>,
    /// Between two questions.
    pub interval: Option<u32>,
    /// To wait for an answer.
    pub timeout: Option<u32>,
    /// Good answers until healthy.
    pub healthy: Option<u32>,
    /// Bad answers until unhealthy.
    pub unhealthy: Option<u32>,
    /// Before bad answers count.
    pub grace: Option<u32>,
}

/// A worker's queue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Queue {
    /// Seconds for which a received message is hidden.
    pub visibility: Option<u32>,
    /// How often a message is received.
    pub attempts: Option<u32>,
    /// Days to keep a message.
    pub retention_days: Option<u32>,
}
