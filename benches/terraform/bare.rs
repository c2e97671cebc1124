//! The limit for a plan: a client that makes the list calls for `benches/terraform` and nothing else.
//!
//!     cargo run --release --example bare -- stage3|many
//!
//! It decodes what AWS answers, compares nothing and prints how much it saw. `benches/terraform/compare.py`
//! runs it beside `scalectl plan`.

use std::error::Error;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_ec2::types::{Filter, VpcAttributeName};
use aws_sdk_route53::types::{RrType, TagResourceType};
use futures_util::future::{try_join, try_join_all, try_join3, try_join4, try_join5};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What both tools put on what is theirs: ours by this tag, in the account of this run.
const TAG: &str = "scalectl:app";

/// Values that one EC2 filter takes.
const VALUES: usize = 200;

fn main() -> Outcome<()> {
    let what = std::env::args().nth(1).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(aws_smithy_http_client::tls::Provider::Rustls(
                aws_smithy_http_client::tls::rustls_provider::CryptoMode::Ring,
            ))
            .build_https();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .load()
            .await;
        let seen = match what.as_str() {
            "stage3" => stage3(&config).await?,
            "many" => many(&config).await?,
            _ => return Err("say stage3 or many".into()),
        };
        println!("{seen} seen");
        Ok(())
    })
}

async fn stage3(config: &SdkConfig) -> Outcome<usize> {
    let network = try_join3(
        network(config, "bench"),
        groups(config, "bench"),
        templates(config, "bench"),
    );
    let rest = try_join5(
        scaling(config),
        balancing(config),
        databases(config),
        zones(config),
        logs(config),
    );
    let ((network, groups, templates), rest) = try_join(network, rest).await?;
    let (scaling, balancing, databases, zones, logs) = rest;
    Ok(network + groups + templates + scaling + balancing + databases + zones + logs)
}

async fn many(config: &SdkConfig) -> Outcome<usize> {
    let parts = try_join3(vpcs(config, "many"), groups(config, "many"), zones(config));
    let (vpcs, groups, zones) = parts.await?;
    Ok(vpcs + groups + zones)
}

fn tagged(app: &str) -> Filter {
    Filter::builder()
        .name(format!("tag:{TAG}"))
        .values(app)
        .build()
}

async fn vpcs(config: &SdkConfig, app: &str) -> Outcome<usize> {
    let ec2 = aws_sdk_ec2::Client::new(config);
    let vpcs = ec2.describe_vpcs().filters(tagged(app)).send().await?;
    let vpcs = vpcs.vpcs.unwrap_or_default();
    let flags = vpcs.iter().filter_map(|vpc| vpc.vpc_id()).flat_map(|id| {
        [
            VpcAttributeName::EnableDnsSupport,
            VpcAttributeName::EnableDnsHostnames,
        ]
        .map(|name| {
            ec2.describe_vpc_attribute()
                .vpc_id(id)
                .attribute(name)
                .send()
        })
    });
    try_join_all(flags).await?;
    Ok(vpcs.len())
}

async fn network(config: &SdkConfig, app: &str) -> Outcome<usize> {
    let ec2 = aws_sdk_ec2::Client::new(config);
    let subnets = async {
        let answer = ec2.describe_subnets().filters(tagged(app)).send().await?;
        Ok(answer.subnets().len())
    };
    let tables = async {
        let answer = ec2
            .describe_route_tables()
            .filters(tagged(app))
            .send()
            .await?;
        Ok(answer.route_tables().len())
    };
    let gateways = async {
        let answer = ec2
            .describe_internet_gateways()
            .filters(tagged(app))
            .send()
            .await?;
        Ok(answer.internet_gateways().len())
    };
    let (vpcs, subnets, tables, gateways) =
        try_join4(vpcs(config, app), subnets, tables, gateways).await?;
    Ok(vpcs + subnets + tables + gateways)
}

async fn groups(config: &SdkConfig, app: &str) -> Outcome<usize> {
    let ec2 = aws_sdk_ec2::Client::new(config);
    let mut groups = Vec::new();
    let mut pages = ec2
        .describe_security_groups()
        .filters(tagged(app))
        .max_results(1000)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        groups.extend(page?.security_groups.unwrap_or_default());
    }
    let ids: Vec<String> = groups
        .into_iter()
        .filter_map(|group| group.group_id)
        .collect();
    let rules = try_join_all(ids.chunks(VALUES).map(|ids| {
        let filter = Filter::builder()
            .name("group-id")
            .set_values(Some(ids.to_vec()))
            .build();
        ec2.describe_security_group_rules()
            .filters(filter)
            .max_results(1000)
            .send()
    }))
    .await?;
    let rules: usize = rules
        .iter()
        .map(|page| page.security_group_rules().len())
        .sum();
    Ok(ids.len() + rules)
}

async fn templates(config: &SdkConfig, app: &str) -> Outcome<usize> {
    let ec2 = aws_sdk_ec2::Client::new(config);
    let answer = ec2
        .describe_launch_templates()
        .filters(tagged(app))
        .send()
        .await?;
    let templates = answer.launch_templates.unwrap_or_default();
    let versions = templates.iter().map(|template| {
        ec2.describe_launch_template_versions()
            .set_launch_template_id(template.launch_template_id.clone())
            .versions("$Latest")
            .send()
    });
    try_join_all(versions).await?;
    Ok(templates.len())
}

async fn scaling(config: &SdkConfig) -> Outcome<usize> {
    let autoscaling = aws_sdk_autoscaling::Client::new(config);
    let (groups, policies) = try_join(
        async {
            let answer = autoscaling.describe_auto_scaling_groups().send().await?;
            Ok::<_, Box<dyn Error>>(answer.auto_scaling_groups().len())
        },
        async {
            let answer = autoscaling.describe_policies().send().await?;
            Ok(answer.scaling_policies().len())
        },
    )
    .await?;
    Ok(groups + policies)
}

async fn balancing(config: &SdkConfig) -> Outcome<usize> {
    let elb = aws_sdk_elasticloadbalancingv2::Client::new(config);
    let balancers = async {
        let answer = elb.describe_load_balancers().send().await?;
        let arns = answer
            .load_balancers()
            .iter()
            .filter_map(|one| one.load_balancer_arn());
        let elb = &elb;
        let more = arns.clone().map(|arn| {
            let attributes = elb.describe_load_balancer_attributes();
            let attributes = attributes.load_balancer_arn(arn).send();
            let listeners = async move {
                let answer = elb
                    .describe_listeners()
                    .load_balancer_arn(arn)
                    .send()
                    .await?;
                let arns = answer
                    .listeners()
                    .iter()
                    .filter_map(|one| one.listener_arn());
                let arns = arns.map(str::to_owned).collect();
                elb.describe_tags()
                    .set_resource_arns(Some(arns))
                    .send()
                    .await?;
                Ok::<_, Box<dyn Error>>(())
            };
            try_join(async { Ok(attributes.await?) }, listeners)
        });
        let tags = elb
            .describe_tags()
            .set_resource_arns(Some(arns.map(str::to_owned).collect()));
        try_join(try_join_all(more), async { Ok(tags.send().await?) }).await?;
        Ok::<_, Box<dyn Error>>(answer.load_balancers().len())
    };
    let targets = async {
        let answer = elb.describe_target_groups().send().await?;
        let arns = answer
            .target_groups()
            .iter()
            .filter_map(|one| one.target_group_arn());
        let attributes = arns.clone().map(|arn| {
            elb.describe_target_group_attributes()
                .target_group_arn(arn)
                .send()
        });
        let tags = elb
            .describe_tags()
            .set_resource_arns(Some(arns.map(str::to_owned).collect()));
        try_join(async { Ok(try_join_all(attributes).await?) }, async {
            Ok(tags.send().await?)
        })
        .await
        .map(|_: (_, _)| answer.target_groups().len())
        .map_err(|error: Box<dyn Error>| error)
    };
    let (balancers, targets) = try_join(balancers, targets).await?;
    Ok(balancers + targets)
}

async fn databases(config: &SdkConfig) -> Outcome<usize> {
    let rds = aws_sdk_rds::Client::new(config);
    let tags = async |arn: Option<&str>| -> Outcome<()> {
        let question = rds.list_tags_for_resource();
        question
            .set_resource_name(arn.map(str::to_owned))
            .send()
            .await?;
        Ok(())
    };
    let instances = async {
        let answer = rds.describe_db_instances().send().await?;
        Ok::<_, Box<dyn Error>>(answer.db_instances().len())
    };
    let subnets = async {
        let answer = rds.describe_db_subnet_groups().send().await?;
        for one in answer.db_subnet_groups() {
            tags(one.db_subnet_group_arn()).await?;
        }
        Ok(answer.db_subnet_groups().len())
    };
    let parameters = async {
        let answer = rds.describe_db_parameter_groups().send().await?;
        for one in answer.db_parameter_groups() {
            let name = one.db_parameter_group_name().unwrap_or_default();
            let user = rds.describe_db_parameters().db_parameter_group_name(name);
            try_join(
                async { Ok(user.source("user").send().await?) },
                tags(one.db_parameter_group_arn()),
            )
            .await?;
        }
        Ok(answer.db_parameter_groups().len())
    };
    let (instances, subnets, parameters) = try_join3(instances, subnets, parameters).await?;
    Ok(instances + subnets + parameters)
}

async fn zones(config: &SdkConfig) -> Outcome<usize> {
    let route53 = aws_sdk_route53::Client::new(config);
    let zones = route53.list_hosted_zones().send().await?;
    let mut seen = zones.hosted_zones().len();
    for zone in zones.hosted_zones() {
        let id = zone.id().trim_start_matches("/hostedzone/");
        let tags = route53
            .list_tags_for_resource()
            .resource_type(TagResourceType::Hostedzone)
            .resource_id(id)
            .send();
        let records = async {
            let mut seen = 0;
            let mut next: Option<(String, Option<RrType>)> = None;
            loop {
                let (name, kind) = next.unzip();
                let page = route53
                    .list_resource_record_sets()
                    .hosted_zone_id(id)
                    .max_items(300)
                    .set_start_record_name(name)
                    .set_start_record_type(kind.flatten())
                    .send()
                    .await?;
                seen += page.resource_record_sets.len();
                match page.next_record_name {
                    Some(name) => next = Some((name, page.next_record_type)),
                    None => break,
                }
            }
            Ok::<_, Box<dyn Error>>(seen)
        };
        let (_, records) = try_join(async { Ok(tags.await?) }, records).await?;
        seen += records;
    }
    Ok(seen)
}

async fn logs(config: &SdkConfig) -> Outcome<usize> {
    let logs = aws_sdk_cloudwatchlogs::Client::new(config);
    let answer = logs.describe_log_groups().send().await?;
    for group in answer.log_groups() {
        logs.list_tags_for_resource()
            .set_resource_arn(group.log_group_arn().or(group.arn()).map(str::to_owned))
            .send()
            .await?;
    }
    Ok(answer.log_groups().len())
}
