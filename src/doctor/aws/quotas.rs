//! How much of what AWS limits an account has, and its own limit where an API tells it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::doctor::Check;
use crate::doctor::quotas::{Limit, Place, Usage, Wanted, is_standard, judge};
use crate::provider::Outcome;
use crate::provider::aws::Aws;
use crate::provider::aws::clients::HOME;
use crate::provider::aws::elb::NEXT_MARKER;
use crate::provider::aws::sdk::{autoscaling, ec2, elasticloadbalancingv2 as elb, rds, route53};
use crate::provider::aws::service::{NEXT_TOKEN, input, items, list, pages, text};
use crate::value::{Map, Value};

impl Aws {
    /// Whether what is wanted fits, a check per place.
    pub async fn check_quotas(&self, wanted: &Wanted) -> Vec<Check> {
        let mut checks = Vec::new();
        for (place, more) in &wanted.more {
            let usage = self.usage(place).await;
            checks.push(match usage {
                Ok(usage) => judge(place, *more, usage),
                Err(error) => Check::not_asked(
                    "quota",
                    &format!("{} in {}", place.limit.name(), place.within_in_words()),
                    &error,
                ),
            });
        }
        let standard = wanted.types.keys().filter(|(_, kind)| is_standard(kind));
        let mut regions: Vec<&Arc<str>> = standard.map(|(region, _)| region).collect();
        regions.dedup();
        for region in regions {
            checks.push(match self.processors(region, wanted).await {
                Ok(check) => check,
                Err(error) => Check::not_asked(
                    "quota",
                    &format!("{} in {region}", Limit::Vcpus.name()),
                    &error,
                ),
            });
        }
        checks
    }

    async fn usage(&self, place: &Place) -> Outcome<Usage> {
        let told = |used, most| Ok(Usage { used, most });
        let region = &*place.region;
        match place.limit {
            Limit::ElasticIps => {
                let api = self.clients.ec2(region);
                // All attributes: the parameter that names some does not know this one.
                let attributes = ec2::describe_account_attributes(&api, &Map::new()).await?;
                let most = items(&attributes, "AccountAttributes")
                    .find(|one| text(one, "AttributeName") == "vpc-max-elastic-ips")
                    .and_then(|one| items(one, "AttributeValues").next())
                    .and_then(|one| text(one, "AttributeValue").parse().ok());
                let addresses = ec2::describe_addresses(&api, &Map::new()).await?;
                told(count(items(&addresses, "Addresses")), most)
            }
            Limit::Vpcs => {
                let api = self.clients.ec2(region);
                let call = async |question: &Map| ec2::describe_vpcs(&api, question).await;
                let found = pages(call, Map::new(), "Vpcs", NEXT_TOKEN).await?;
                told(count(found.iter()), None)
            }
            Limit::NatGateways => told(self.nat_gateways(region, &place.within).await?, None),
            Limit::SecurityGroups => {
                let api = self.clients.ec2(region);
                let call =
                    async |question: &Map| ec2::describe_security_groups(&api, question).await;
                let found = pages(call, Map::new(), "SecurityGroups", NEXT_TOKEN).await?;
                told(count(found.iter()), None)
            }
            // The spec says all that a group has; what the cloud has of it is replaced by that.
            Limit::Rules => told(0, None),
            Limit::Vcpus => told(self.processors_in_use(region).await?, None),
            Limit::AutoScalingGroups => {
                let api = self.clients.autoscaling(region);
                let answer = autoscaling::describe_account_limits(&api, &Map::new()).await?;
                let used = number(&answer, "NumberOfAutoScalingGroups").unwrap_or(0);
                told(used, number(&answer, "MaxNumberOfAutoScalingGroups"))
            }
            Limit::LoadBalancers => {
                let api = self.clients.elb(region);
                let call =
                    async |question: &Map| elb::describe_load_balancers(&api, question).await;
                let found = pages(call, Map::new(), "LoadBalancers", NEXT_MARKER).await?;
                let used = count(
                    found
                        .iter()
                        .filter(|one| text(one, "Type") == "application"),
                );
                told(
                    used,
                    self.limit_of_elb(region, "application-load-balancers")
                        .await?,
                )
            }
            Limit::TargetGroups => {
                let api = self.clients.elb(region);
                let call = async |question: &Map| elb::describe_target_groups(&api, question).await;
                let found = pages(call, Map::new(), "TargetGroups", NEXT_MARKER).await?;
                told(
                    count(found.iter()),
                    self.limit_of_elb(region, "target-groups").await?,
                )
            }
            Limit::DbInstances => {
                let api = self.clients.rds(region);
                let answer = rds::describe_account_attributes(&api, &Map::new()).await?;
                let quota = items(&answer, "AccountQuotas")
                    .find(|one| text(one, "AccountQuotaName") == "DBInstances");
                let used = quota.and_then(|quota| number(quota, "Used")).unwrap_or(0);
                told(used, quota.and_then(|quota| number(quota, "Max")))
            }
            Limit::HostedZones => {
                self.limit_of_route53("MAX_HOSTED_ZONES_BY_OWNER", None)
                    .await
            }
            Limit::HealthChecks => {
                self.limit_of_route53("MAX_HEALTH_CHECKS_BY_OWNER", None)
                    .await
            }
            Limit::Records => {
                self.limit_of_route53("MAX_RRSETS_BY_ZONE", Some(&place.within))
                    .await
            }
        }
    }

    async fn limit_of_elb(&self, region: &str, name: &str) -> Outcome<Option<u64>> {
        let api = self.clients.elb(region);
        let call = async |question: &Map| elb::describe_account_limits(&api, question).await;
        let limits = pages(call, Map::new(), "Limits", NEXT_MARKER).await?;
        let limit = limits.iter().find(|one| text(one, "Name") == name);
        Ok(limit.and_then(|limit| text(limit, "Max").parse().ok()))
    }

    async fn limit_of_route53(&self, name: &str, zone: Option<&str>) -> Outcome<Usage> {
        let api = self.clients.route53(HOME);
        let mut question = input(serde_json::json!({"Type": name}));
        let answer = match zone {
            Some(zone) => {
                question.insert("HostedZoneId", Value::str(zone));
                route53::get_hosted_zone_limit(&api, &question).await?
            }
            None => route53::get_account_limit(&api, &question).await?,
        };
        Ok(Usage {
            used: number(&answer, "Count").unwrap_or(0),
            most: number(&answer, "Limit.Value"),
        })
    }

    /// The NAT gateways of a zone: those that count are on their way, there, or on their way out.
    async fn nat_gateways(&self, region: &str, zone: &str) -> Outcome<u64> {
        let api = self.clients.ec2(region);
        let question = input(
            serde_json::json!({"Filters": [{"Name": "availability-zone", "Values": [zone]}]}),
        );
        let call = async |question: &Map| ec2::describe_subnets(&api, question).await;
        let subnets = pages(call, question, "Subnets", NEXT_TOKEN).await?;
        let question = input(
            serde_json::json!({"Filter": [{"Name": "state", "Values": ["pending", "available", "deleting"]}]}),
        );
        let call = async |question: &Map| ec2::describe_nat_gateways(&api, question).await;
        let gateways = pages(call, question, "NatGateways", NEXT_TOKEN).await?;
        let is_there = |gateway: &&Map| {
            subnets
                .iter()
                .any(|subnet| text(subnet, "SubnetId") == text(gateway, "SubnetId"))
        };
        Ok(count(gateways.iter().filter(is_there)))
    }

    /// The processors that the plan wants in a region, beside those in use.
    async fn processors(&self, region: &Arc<str>, wanted: &Wanted) -> Outcome<Check> {
        let types = wanted
            .types
            .iter()
            .filter(|((of, kind), _)| of == region && is_standard(kind));
        let numbers: BTreeMap<&str, u64> = types
            .map(|((_, kind), number)| (&**kind, *number))
            .collect();
        let api = self.clients.ec2(region);
        let mut question = Map::new();
        question.insert("InstanceTypes", list(numbers.keys()));
        let call = async |question: &Map| ec2::describe_instance_types(&api, question).await;
        let mut more = 0;
        for kind in pages(call, question, "InstanceTypes", NEXT_TOKEN).await? {
            let each = number(&kind, "VCpuInfo.DefaultVCpus").unwrap_or(0);
            let wanted = numbers.get(text(&kind, "InstanceType"));
            more += each * wanted.copied().unwrap_or(0);
        }
        let place = Place {
            limit: Limit::Vcpus,
            region: region.clone(),
            within: region.clone(),
        };
        let usage = self.usage(&place).await?;
        Ok(judge(&place, more, usage))
    }

    /// The processors of the on-demand instances of standard families that run in a region.
    async fn processors_in_use(&self, region: &str) -> Outcome<u64> {
        let api = self.clients.ec2(region);
        let question = input(
            serde_json::json!({"Filters": [{"Name": "instance-state-name", "Values": ["pending", "running"]}]}),
        );
        let call = async |question: &Map| ec2::describe_instances(&api, question).await;
        let reservations = pages(call, question, "Reservations", NEXT_TOKEN).await?;
        let instances = reservations.iter().flat_map(|one| items(one, "Instances"));
        // Spot instances have a quota of their own.
        let counted = instances.filter(|one| {
            text(one, "InstanceLifecycle").is_empty() && is_standard(text(one, "InstanceType"))
        });
        Ok(counted
            .map(|one| {
                let cores = number(one, "CpuOptions.CoreCount").unwrap_or(0);
                cores * number(one, "CpuOptions.ThreadsPerCore").unwrap_or(1)
            })
            .sum())
    }
}

fn number(map: &Map, path: &str) -> Option<u64> {
    map.at(path)?.as_int()?.try_into().ok()
}

fn count<'a>(found: impl Iterator<Item = &'a Map>) -> u64 {
    found.count() as u64
}
