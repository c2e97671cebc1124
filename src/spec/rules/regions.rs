//! Regions: that AWS has them, their zones, and each region's addresses.

use ipnet::Ipv4Net;

use super::Rules;
use crate::schema::facts::offers;
use crate::schema::nearest;
use crate::spec::{Region, Spec, Stage};

/// A region with everything filled in.
pub struct RegionPlan {
    /// Its name.
    pub name: String,
    /// Its zones' letters.
    pub zones: Vec<String>,
    /// Its private addresses.
    pub cidr: String,
    /// Whether these follow from its place among the regions.
    pub is_numbered: bool,
}

/// The regions with their zones and addresses. Without its own `cidr`, region n gets the n-th
/// block after `network.cidr`, so that regions can be peered later.
pub fn regions(spec: &Spec) -> Vec<RegionPlan> {
    let base: Option<Ipv4Net> = spec.network.cidr.parse().ok();
    spec.regions
        .iter()
        .enumerate()
        .map(|(index, region)| {
            let details = match region {
                Region::Name(_) => None,
                Region::Detailed(details) => Some(details),
            };
            let letters = letters(region.name())
                .chars()
                .take(usize::from(spec.network.zones));
            let zones = details
                .and_then(|details| details.zones.clone())
                .unwrap_or_else(|| letters.map(String::from).collect());
            let cidr = details.and_then(|details| details.cidr.clone());
            let nth = base
                .and_then(|base| nth_block(base, index))
                .map(|net| net.to_string());
            RegionPlan {
                name: region.name().to_owned(),
                zones,
                is_numbered: cidr.is_none(),
                cidr: cidr.or(nth).unwrap_or_else(|| spec.network.cidr.clone()),
            }
        })
        .collect()
}

/// The letters of a region's zones, as new accounts have them; an account with others names them in
/// the spec
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html>).
fn letters(region: &str) -> &'static str {
    match region {
        // Most accounts' e has only old instance types, so it comes last; `scalectl doctor` asks.
        "us-east-1" => "abcdfe",
        "us-west-2" | "ap-northeast-2" => "abcd",
        "us-west-1" => "ab",
        "ap-northeast-1" => "acd",
        "ca-central-1" => "abd",
        _ => "abc",
    }
}

fn nth_block(base: Ipv4Net, index: usize) -> Option<Ipv4Net> {
    let size = 1_u32.checked_shl(32 - u32::from(base.prefix_len()))?;
    let offset = size.checked_mul(u32::try_from(index).ok()?)?;
    let first = u32::from(base.network()).checked_add(offset)?;
    Ipv4Net::new(first.into(), base.prefix_len()).ok()
}

/// Checks regions, zones and addresses.
pub fn check(rules: &mut Rules<'_>) {
    let spec = rules.spec;
    let most = offers::regions().count();
    if spec.regions.len() > most {
        let message = format!("there are {} regions; AWS has {most}", spec.regions.len());
        rules.say("regions", message, "name each region once");
        return;
    }
    addresses(spec, &mut |path, message, help| {
        rules.say(path, message, help)
    });
    if spec.stage == Stage::MultiRegion && spec.regions.len() < 2 {
        let message = "stage multi-region needs at least two regions".to_owned();
        let place = match rules.merged.get("regions") {
            Some(_) => "regions",
            None => "stage",
        };
        rules.say(place, message, "add one: `regions: [us-east-1, eu-west-1]`");
    }
    for (index, region) in spec.regions.iter().enumerate() {
        let name = region.name();
        let path = match region {
            Region::Name(_) => format!("regions.{index}"),
            Region::Detailed(_) => format!("regions.{index}.name"),
        };
        if let Some((message, help)) = unknown(name) {
            rules.say(&path, message, &help);
        }
        match region {
            Region::Detailed(details) if details.zones.is_some() => {
                zones(
                    rules,
                    index,
                    name,
                    details.zones.as_deref().unwrap_or_default(),
                );
            }
            _ => {
                let most = letters(name).len();
                if usize::from(spec.network.zones) > most {
                    let message = format!("{name} has {most} zones, not {}", spec.network.zones);
                    let help = "lower zones, or name the zones of your account: \
                                `regions: [{name: REGION, zones: [a, b, c]}]`";
                    rules.say("network.zones", message, help);
                }
            }
        }
    }
}

/// Why a region cannot be used, and what to write instead; `None` for one that can.
pub fn unknown(name: &str) -> Option<(String, String)> {
    let is_foreign = ["cn-", "us-gov-", "us-iso", "eu-isoe", "eusc-"]
        .iter()
        .any(|own| name.starts_with(own));
    if is_foreign {
        let message = format!("{name} belongs to another partition of AWS");
        return Some((
            message,
            "the blueprints are written for the commercial regions".to_owned(),
        ));
    }
    if offers::zones(name).is_some() {
        return None;
    }
    let help = match nearest(name, offers::regions()) {
        Some(near) => format!("did you mean {near}?"),
        None => {
            let all: Vec<&str> = offers::regions().collect();
            format!("AWS has {}", all.join(", "))
        }
    };
    Some((format!("AWS has no region {name}"), help))
}

/// Zones are letters, each once.
fn zones(rules: &mut Rules<'_>, region: usize, name: &str, zones: &[String]) {
    const MOST: usize = 6;
    if zones.len() > MOST {
        let message = format!(
            "{name} has {} zones; addresses are planned for {MOST}",
            zones.len()
        );
        rules.say(&format!("regions.{region}.zones"), message, "name fewer");
        return;
    }
    for (index, zone) in zones.iter().enumerate() {
        let path = format!("regions.{region}.zones.{index}");
        let lower = zone.to_ascii_lowercase();
        let letter = lower.strip_prefix(name).unwrap_or(&lower);
        let is_letter = letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_lowercase());
        if zones[..index].contains(zone) {
            rules.say(
                &path,
                format!("the zones of {name} hold {zone} twice"),
                "remove one",
            );
        } else if zone.len() == 1 && *zone == lower && is_letter {
            // Which letters an account has, differs; none is beyond the region's last.
            let last = offers::zones(name).and_then(|zones| zones.get(zones.len() - 1..));
            if letter > last.unwrap_or("f") {
                let message = format!("{name} has no zone {zone}");
                rules.say(
                    &path,
                    message,
                    &format!("new accounts have {}", listed(name)),
                );
            }
        } else {
            let help = match is_letter {
                true => format!("write {letter}"),
                false if lower.contains("-az") => format!(
                    "{zone} is a zone's id, which has another letter in each account; \
                     `aws ec2 describe-availability-zones --region {name}` shows it"
                ),
                false => format!("write the letter alone, such as {}", listed(name)),
            };
            rules.say(
                &path,
                format!("{zone:?} is not the letter of a zone"),
                &help,
            );
        }
    }
}

fn listed(region: &str) -> String {
    let letters: Vec<String> = letters(region).chars().map(String::from).collect();
    letters.join(", ")
}

fn addresses(spec: &Spec, say: &mut impl FnMut(&str, String, &str)) {
    let mut seen: Vec<(String, Ipv4Net)> = Vec::new();
    for (index, region) in regions(spec).into_iter().enumerate() {
        let own =
            matches!(&spec.regions[index], Region::Detailed(details) if details.cidr.is_some());
        let path = if own {
            format!("regions.{index}.cidr")
        } else {
            "network.cidr".to_owned()
        };
        if region.zones.len() < 2 {
            let message = format!("{} has fewer than two zones", region.name);
            say(
                &format!("regions.{index}"),
                message,
                "name two or more: `zones: [a, b]`",
            );
        }
        let net: Ipv4Net = match region.cidr.parse() {
            Ok(net) => net,
            Err(_) => {
                say(
                    &path,
                    format!("{:?} is not a block of addresses", region.cidr),
                    "write it like 10.0.0.0/16",
                );
                continue;
            }
        };
        if net.addr() != net.network() {
            say(
                &path,
                format!("{net} does not begin at its network's address"),
                &format!("write {}", net.trunc()),
            );
        }
        // https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html: /16 to /28; below
        // /20 the subnets of three tiers in several zones become too small to grow into.
        if !(16..=20).contains(&net.prefix_len()) {
            let message = format!("{net} is not between /16 and /20");
            say(
                &path,
                message,
                "a VPC holds at most a /16, and the subnets need at least a /20",
            );
        }
        if !net.addr().is_private() {
            let private = "use a block of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16";
            if own || index == 0 {
                say(&path, format!("{net} is not private"), private);
            } else {
                say(
                    &format!("regions.{index}"),
                    format!(
                        "{} would get {net}, which follows {} by the order of `regions` and is not private",
                        region.name, spec.network.cidr
                    ),
                    &format!(
                        "give it a block of its own: {{name: {}, cidr: 10.1.0.0/16}}",
                        region.name
                    ),
                );
            }
        }
        for (other, taken) in &seen {
            if *other == region.name {
                say(
                    &format!("regions.{index}"),
                    format!("{other} is listed twice"),
                    "remove one",
                );
            }
            if taken.contains(&net) || net.contains(taken) {
                let message = format!(
                    "the addresses of {} and {other} overlap: {net} and {taken}",
                    region.name
                );
                say(
                    &path,
                    message,
                    "give each region its own block, so that they can be connected",
                );
            }
        }
        seen.push((region.name, net));
    }
}
