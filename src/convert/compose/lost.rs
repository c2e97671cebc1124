//! What a container of a Compose file has and a service of a spec has not.

use super::super::keys::{self, Lost, items, rest, scalar};
use super::super::notes::Notes;
use super::Container;

const KNOWN: [&str; 24] = [
    "image",
    "build",
    "command",
    "entrypoint",
    "environment",
    "env_file",
    "ports",
    "expose",
    "healthcheck",
    "labels",
    "deploy",
    "scale",
    "platform",
    "stop_grace_period",
    "depends_on",
    "profiles",
    "restart",
    "container_name",
    "volumes",
    "secrets",
    "configs",
    "extends",
    "pull_policy",
    "tmpfs",
];

const IMAGE: &str = "put it into the image";

const LOST: [Lost; 48] = [
    ("annotations", None),
    ("attach", None),
    ("blkio_config", None),
    (
        "cap_add",
        Some((
            "containers have Docker's default capabilities",
            "change the program so that it needs no more",
        )),
    ),
    ("cap_drop", None),
    ("cgroup_parent", None),
    ("cpu_count", None),
    ("cpu_shares", None),
    (
        "cpus",
        Some((
            "a container may use its whole server",
            "choose the size with `instance`",
        )),
    ),
    ("credential_spec", None),
    ("develop", None),
    (
        "devices",
        Some(("containers have no devices of their host", "")),
    ),
    ("dns", Some(("names are resolved by the VPC", ""))),
    ("dns_search", None),
    ("domainname", None),
    (
        "extra_hosts",
        Some((
            "containers have no names of their own for hosts",
            "use names of DNS",
        )),
    ),
    ("gpus", Some(("servers with a GPU are not supported", ""))),
    ("group_add", None),
    ("hostname", None),
    ("init", None),
    ("ipc", None),
    ("links", None),
    (
        "logging",
        Some((
            "containers log to CloudWatch Logs",
            "`monitoring: {log_retention_days: ...}` says how long they are kept",
        )),
    ),
    ("mac_address", None),
    (
        "mem_limit",
        Some((
            "a container may use its whole server",
            "choose the size with `instance`",
        )),
    ),
    ("mem_reservation", None),
    ("mem_swappiness", None),
    ("memswap_limit", None),
    (
        "network_mode",
        Some((
            "containers are in Docker's own network",
            "the program's port is `port`",
        )),
    ),
    ("networks", None),
    ("oom_kill_disable", None),
    ("oom_score_adj", None),
    (
        "pid",
        Some(("containers do not see their host's processes", "")),
    ),
    ("pids_limit", None),
    (
        "post_start",
        Some((
            "scalectl runs no hooks of containers",
            "a command before a new version serves is `release`",
        )),
    ),
    (
        "pre_stop",
        Some((
            "scalectl runs no hooks of containers",
            "programs get SIGTERM before they end",
        )),
    ),
    (
        "privileged",
        Some(("containers have no privileges on their host", "")),
    ),
    ("provider", None),
    ("read_only", None),
    ("runtime", None),
    ("security_opt", None),
    (
        "shm_size",
        Some((
            "containers have Docker's default of 64 MB of shared memory",
            "",
        )),
    ),
    ("stdin_open", None),
    (
        "stop_signal",
        Some(("programs get SIGTERM", "have the program end on SIGTERM")),
    ),
    (
        "sysctls",
        Some(("the kernel's settings are the server's", "")),
    ),
    ("tty", None),
    ("ulimits", Some(("limits are the server's", ""))),
    (
        "user",
        Some((
            "containers run as the image's own user",
            "set USER in the image",
        )),
    ),
];

/// What a container has that is not carried over.
pub fn note(one: &Container<'_>, what: &str, notes: &mut Notes) {
    for volume in items(one.node.get("volumes")) {
        let text = scalar(volume)
            .or_else(|| keys::text(volume, "source"))
            .unwrap_or_default();
        let (source, target) = text.split_once(':').unwrap_or((&text, &text));
        let target = target.split(':').next().unwrap_or(target);
        if text.contains("docker.sock") {
            notes.left(
                &volume.location,
                format!("{what}.volumes: {text}"),
                "containers do not control Docker",
                "",
            );
            continue;
        }
        let is_file = source
            .rsplit('/')
            .next()
            .is_some_and(|last| last.contains('.') && last.len() > 1 && !last.starts_with('.'));
        let (why, instead) = if is_file || target.starts_with("/etc/") {
            ("containers get no files of this computer", IMAGE)
        } else {
            (
                "containers keep no files",
                "put sources into the image, and files of users into a bucket (https://scalectl.github.io/scalectl/resources.html)",
            )
        };
        notes.left(
            &volume.location,
            format!("{what}.volumes: {text}"),
            why,
            instead,
        );
    }
    for (key, why) in [
        ("secrets", "files of secrets are not mounted"),
        ("configs", "files of configuration are not mounted"),
    ] {
        for item in items(one.node.get(key)) {
            let name = scalar(item)
                .or_else(|| keys::text(item, "source"))
                .unwrap_or_default();
            let instead = match key {
                "secrets" => "give the program the secret as a variable: `secrets: {NAME: SECRET}`",
                _ => IMAGE,
            };
            notes.left(
                &item.location,
                format!("{what}.{key}: {name}"),
                why,
                instead,
            );
        }
    }
    if let Some(extends) = one.node.get("extends") {
        notes.left(
            &extends.location,
            format!("{what}.extends"),
            "other files are not read",
            super::MERGED,
        );
    }
    if let Some(deploy) = one.node.get("deploy") {
        let lost: [Lost; 7] = [
            (
                "resources",
                Some((
                    "a container may use its whole server",
                    "choose the size with `instance`",
                )),
            ),
            (
                "update_config",
                Some((
                    "`scalectl deploy` rolls versions out",
                    "see `deploy` of a service",
                )),
            ),
            ("rollback_config", None),
            ("restart_policy", None),
            ("placement", Some(("servers are spread over zones", ""))),
            ("labels", None),
            ("endpoint_mode", None),
        ];
        rest(
            deploy,
            &format!("{what}.deploy"),
            &["replicas", "mode"],
            &lost,
            notes,
        );
    }
    rest(one.node, what, &KNOWN, &LOST, notes);
}
